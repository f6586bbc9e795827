#include "ftp/facts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace wherry::ftp {

namespace {

constexpr std::array<std::pair<std::string_view, Fact>, 8> names{{
    {"type", Fact::type},
    {"perm", Fact::perm},
    {"size", Fact::size},
    {"modify", Fact::modify},
    {"unique", Fact::unique},
    {"unix.mode", Fact::unix_mode},
    {"unix.uid", Fact::unix_uid},
    {"unix.gid", Fact::unix_gid},
}};

}  // namespace

Facts Facts::parse(std::string_view text) noexcept {
    Facts facts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(';'), text.size());
        for (const auto& [name, fact] : names) {
            if (iequals(name, text.substr(0, end))) facts = facts.with(fact);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return facts;
}

std::string Facts::text() const {
    std::string out;
    for (const auto& [name, fact] : names) {
        if (has(fact)) out.append(name) += ';';
    }
    return out;
}

std::string Facts::feature_text() const {
    std::string out;
    for (const auto& [name, fact] : names) out.append(name).append(has(fact) ? "*;" : ";");
    return out;
}

}  // namespace wherry::ftp
