#include "tftp/patterns.h"

#include <re2/re2.h>

#include <array>
#include <utility>

#include "core/text.h"

namespace wherry::tftp {
namespace {

constexpr int groups_of_pattern = 10;
constexpr std::size_t most_lines = 10'000;

RE2::Options options() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_max_mem(std::int64_t{1} << 20U);
    return options;
}

std::string_view next_word(std::string_view& rest) {
    constexpr std::string_view blank = " \t\r";
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(blank)));
    const std::string_view word = rest.substr(0, rest.find_first_of(blank));
    rest.remove_prefix(word.size());
    return word;
}

// $1 and ${1}; anything else behind a '$' stays.
std::string filled_in(std::string_view form, const std::array<re2::StringPiece, groups_of_pattern>& found) {
    std::string out;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool braces = form.substr(i).starts_with("${");
        const std::size_t at = i + (braces ? 2 : 1);
        const bool is_group = form[i] == '$' && at < form.size() && form[at] >= '0' && form[at] <= '9' &&
                              (!braces || form.substr(at + 1).starts_with('}'));
        if (!is_group) {
            out += form[i];
            continue;
        }
        const re2::StringPiece& group = found[static_cast<std::size_t>(form[at] - '0')];
        if (!group.empty()) out.append(group.data(), group.size());
        i = at + (braces ? 1 : 0);
    }
    return out;
}

}  // namespace

struct Patterns::Line {
    std::unique_ptr<RE2> regex;
    std::string form;
};

Patterns::Patterns() = default;
Patterns::~Patterns() = default;
Patterns::Patterns(Patterns&&) noexcept = default;
Patterns& Patterns::operator=(Patterns&&) noexcept = default;

Patterns::Parsed Patterns::parse(std::string_view text) {
    Parsed out;
    Patterns patterns;
    std::uint32_t number = 0;
    for (std::string_view line : split(text, '\n')) {
        ++number;
        const std::string_view regex = next_word(line);
        if (regex.empty() || regex.starts_with('#')) continue;
        const std::string_view form = next_word(line);
        auto compiled = std::make_unique<RE2>(re2::StringPiece(regex.data(), regex.size()), options());
        if (form.empty()) {
            out.errors.push_back({number, "a regular expression and a name belong on each line"});
        } else if (!compiled->ok()) {
            out.errors.push_back({number, "not a regular expression that can be used: " + compiled->error()});
        } else if (patterns.lines_.size() == most_lines) {
            out.errors.push_back({number, "there are more than " + std::to_string(most_lines) + " patterns"});
            break;
        } else {
            patterns.lines_.push_back({std::move(compiled), std::string(form)});
        }
    }
    if (out.errors.empty()) out.patterns = std::make_shared<const Patterns>(std::move(patterns));
    return out;
}

std::optional<std::string> Patterns::other_name(std::string_view name) const {
    const re2::StringPiece text(name.data(), name.size());
    std::array<re2::StringPiece, groups_of_pattern> found;
    for (const Line& line : lines_) {
        found.fill({});
        const int count = std::min(groups_of_pattern, line.regex->NumberOfCapturingGroups() + 1);
        if (!line.regex->Match(text, 0, text.size(), RE2::UNANCHORED, found.data(), count)) continue;
        const auto from = static_cast<std::size_t>(found[0].data() - name.data());
        std::string out(name.substr(0, from));
        out += filled_in(line.form, found);
        out += name.substr(from + found[0].size());
        if (out.size() > most_mapped_name) return std::nullopt;
        return out;
    }
    return std::nullopt;
}

}  // namespace wherry::tftp
