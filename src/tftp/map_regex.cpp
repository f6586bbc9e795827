#include "tftp/map_regex.h"

#include <locale.h>
#include <re2/re2.h>
#include <regex.h>

#include <algorithm>
#include <string>
#include <utility>

namespace wherry::tftp {
namespace {

RE2::Options linear_options(bool any_case) {
    RE2::Options options(RE2::Latin1);  // byte by byte
    options.set_posix_syntax(true);
    options.set_longest_match(true);
    options.set_one_line(true);
    options.set_case_sensitive(!any_case);
    options.set_log_errors(false);
    return options;
}

// Behind a set like "[]a]" or "[^[:digit:]]" that begins at `at`.
std::size_t end_of_set(std::string_view regex, std::size_t at) {
    ++at;
    if (regex.substr(at).starts_with('^')) ++at;
    if (regex.substr(at).starts_with(']')) ++at;
    while (at < regex.size() && regex[at] != ']') {
        const std::string_view rest = regex.substr(at);
        const bool named = rest.starts_with("[:") || rest.starts_with("[.") || rest.starts_with("[=");
        const std::size_t end = named ? regex.find(std::string{rest[1], ']'}, at + 2) : std::string_view::npos;
        at = end == std::string_view::npos ? at + 1 : end + 2;
    }
    return at + 1;
}

// Asked for before RE2 is: it would take the "\12" of a group and a digit for a byte in octal.
bool has_back_reference(std::string_view regex) {
    for (std::size_t at = 0; at < regex.size();) {
        if (regex[at] == '[') {
            at = end_of_set(regex, at);
        } else if (regex[at] != '\\') {
            ++at;
        } else if (at + 1 < regex.size() && regex[at + 1] >= '1' && regex[at + 1] <= '9') {
            return true;
        } else {
            at += 2;
        }
    }
    return false;
}

// regcomp(3) and regexec(3) go by the thread's locale, and the one of an embedder's program may be any.
class PlainLocale {
public:
    PlainLocale() : plain_(newlocale(LC_ALL_MASK, "C", nullptr)), before_(uselocale(plain_)) {}
    ~PlainLocale() {
        uselocale(before_);
        if (plain_ != nullptr) freelocale(plain_);
    }
    PlainLocale(const PlainLocale&) = delete;
    PlainLocale& operator=(const PlainLocale&) = delete;

private:
    locale_t plain_;
    locale_t before_;
};

}  // namespace

struct MapRegex::Posix {
    Posix() = default;
    ~Posix() {
        if (error == 0) regfree(&compiled);
    }
    Posix(const Posix&) = delete;
    Posix& operator=(const Posix&) = delete;

    regex_t compiled{};
    int error = 0;
};

Result<MapRegex> MapRegex::parse(std::string_view text, RegexEngine engine, bool any_case) {
    MapRegex out;
    if (engine == RegexEngine::posix) {
        const PlainLocale plain;
        const auto posix = std::make_shared<Posix>();
        posix->error = regcomp(&posix->compiled, std::string(text).c_str(), REG_EXTENDED | (any_case ? REG_ICASE : 0));
        if (posix->error != 0) {
            std::array<char, 128> why{};
            regerror(posix->error, &posix->compiled, why.data(), why.size());
            return fail(Code::invalid, why.data());
        }
        out.posix_ = posix;
        return out;
    }
    if (has_back_reference(text)) {
        return fail(Code::invalid,
                    "it has a back-reference, for which no time linear in the name is enough; write it without one, or "
                    "set tftp.names.regex_engine = \"posix\"");
    }
    auto linear = std::make_shared<const RE2>(re2::StringPiece(text.data(), text.size()), linear_options(any_case));
    if (!linear->ok()) return fail(Code::invalid, linear->error());
    out.linear_ = std::move(linear);
    return out;
}

Result<std::optional<MapRegex::Match>> MapRegex::find(std::string_view name, std::size_t from) const {
    if (posix_) return find_posix(name, from);
    std::array<re2::StringPiece, groups> parts;
    const int count = std::min(static_cast<int>(groups), linear_->NumberOfCapturingGroups() + 1);
    const re2::StringPiece text(name.data(), name.size());
    if (!linear_->Match(text, from, text.size(), RE2::UNANCHORED, parts.data(), count)) return std::nullopt;
    Match found;
    for (std::size_t i = 0; i < groups; ++i) {
        if (parts[i].data() != nullptr) found.parts[i] = {parts[i].data(), parts[i].size()};
    }
    found.begin = static_cast<std::size_t>(parts[0].data() - name.data());
    found.end = found.begin + parts[0].size();
    return found;
}

Result<std::optional<MapRegex::Match>> MapRegex::find_posix(std::string_view name, std::size_t from) const {
    const PlainLocale plain;
    std::array<regmatch_t, groups> at{};
    at[0] = {static_cast<regoff_t>(from), static_cast<regoff_t>(name.size())};
    const int flags = REG_STARTEND | (from > 0 ? REG_NOTBOL : 0);
    const int error = regexec(&posix_->compiled, name.data(), at.size(), at.data(), flags);
    if (error == REG_NOMATCH) return std::nullopt;
    if (error != 0) return fail(Code::internal, "regexec(3) has given up");
    Match found;
    for (std::size_t i = 0; i < groups; ++i) {
        if (at[i].rm_so < 0) continue;
        const auto begin = static_cast<std::size_t>(at[i].rm_so);
        found.parts[i] = name.substr(begin, static_cast<std::size_t>(at[i].rm_eo) - begin);
    }
    found.begin = static_cast<std::size_t>(at[0].rm_so);
    found.end = static_cast<std::size_t>(at[0].rm_eo);
    return found;
}

}  // namespace wherry::tftp
