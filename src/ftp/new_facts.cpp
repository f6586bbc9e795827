#include "ftp/new_facts.h"

#include <array>
#include <limits>

#include "core/calendar.h"
#include "core/text.h"

namespace wherry::ftp {

namespace {

struct Cut {
    std::string_view before;
    std::string_view after;
};

// At the first blank (or the last); both sides must hold something.
std::optional<Cut> cut_at(std::string_view text, std::size_t blank) {
    if (blank == std::string_view::npos || blank == 0 || blank + 1 == text.size()) return std::nullopt;
    return Cut{text.substr(0, blank), text.substr(blank + 1)};
}
std::optional<Cut> cut_first(std::string_view text) { return cut_at(text, text.find(' ')); }
std::optional<Cut> cut_last(std::string_view text) { return cut_at(text, text.rfind(' ')); }

// "path atime mtime ctime UTC", read from its end, since the path may have blanks.
std::optional<NewTime> parse_long_utime(std::string_view text) {
    auto rest = cut_last(text);
    if (!rest || !iequals(rest->after, "UTC")) return std::nullopt;
    std::array<std::int64_t, 3> times{};  // from the last to the first
    for (std::int64_t& time : times) {
        rest = cut_last(rest->before);
        if (!rest) return std::nullopt;
        const auto parsed = parse_timestamp(rest->after);
        if (!parsed) return std::nullopt;
        time = *parsed;
    }
    return NewTime{times[1], rest->before};
}

Result<void> add_fact(NewFacts& facts, std::string_view name, std::string_view value) {
    if (iequals(name, "modify")) {
        if (facts.modified) return fail(Code::invalid, "a fact twice");
        facts.modified = parse_timestamp(value);
        if (!facts.modified) return fail(Code::invalid, "not a time");
        return {};
    }
    if (!iequals(name, "unix.mode")) return fail(Code::unsupported, "this fact cannot be set");
    if (facts.mode) return fail(Code::invalid, "a fact twice");
    facts.mode = parse_mode(value);
    if (!facts.mode) return fail(Code::invalid, "not a mode");
    return {};
}

}  // namespace

std::optional<std::uint32_t> parse_mode(std::string_view text) {
    if (text.size() < 3 || text.size() > 4) return std::nullopt;
    std::uint32_t mode = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '7') return std::nullopt;
        mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
    }
    return mode <= 0777 ? std::optional(mode) : std::nullopt;
}

std::string NewFacts::text() const {
    std::string out;
    if (modified) out.append("Modify=").append(timestamp(*modified)) += ';';
    if (mode) {
        out += "UNIX.mode=0";
        for (const unsigned shift : {6U, 3U, 0U}) out += static_cast<char>('0' + (*mode >> shift & 7U));
        out += ';';
    }
    return out.append(" ").append(path);
}

Result<NewFacts> parse_new_facts(std::string_view text) {
    const auto parts = cut_first(text);
    if (!parts || !parts->before.ends_with(';')) return fail(Code::invalid, "no facts before the path");
    NewFacts facts;
    facts.path = parts->after;
    for (std::string_view rest = parts->before; !rest.empty();) {
        const std::string_view fact = rest.substr(0, rest.find(';'));
        rest.remove_prefix(fact.size() + 1);
        const std::size_t equals = fact.find('=');
        if (equals == std::string_view::npos) return fail(Code::invalid, "a fact without a value");
        if (auto added = add_fact(facts, fact.substr(0, equals), fact.substr(equals + 1)); !added) {
            return std::unexpected(std::move(added.error()));
        }
    }
    return facts;
}

std::optional<NewTime> parse_utime(std::string_view text) {
    if (const auto time = parse_long_utime(text)) return time;
    const auto parts = cut_first(text);
    if (!parts) return std::nullopt;
    std::string digits(parts->before);
    if (digits.size() == 12) digits += "00";
    const auto modified = parse_timestamp(digits);
    if (!modified) return std::nullopt;
    return NewTime{*modified, parts->after};
}

std::optional<NewOwner> parse_owner(std::string_view text) {
    const auto parts = cut_first(text);
    if (!parts) return std::nullopt;
    // The largest number means "leave it" to the system.
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max() - 1;
    const std::size_t colon = parts->before.find(':');
    const auto uid = parse_at_most(parts->before.substr(0, colon), most);
    if (!uid) return std::nullopt;
    NewOwner owner{.uid = static_cast<std::uint32_t>(*uid), .path = parts->after};
    if (colon == std::string_view::npos) return owner;
    const auto gid = parse_at_most(parts->before.substr(colon + 1), most);
    if (!gid) return std::nullopt;
    owner.gid = static_cast<std::uint32_t>(*gid);
    return owner;
}

}  // namespace wherry::ftp
