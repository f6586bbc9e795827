// The regular expressions of rules for names, with either engine, against those of the C library, which is what the
// server has that the rules were made for. Input: a regular expression, a NUL, a name.
#include <regex.h>

#include <optional>
#include <string>
#include <utility>

#include "fuzz.h"
#include "tftp/remap.h"

namespace {

using namespace wherry::tftp;
using wherry::fuzz::require;

constexpr std::string_view mark = "<>";

// Letters, and what is special to POSIX. Left out is what the standard leaves open and the two take differently:
// backslashes before letters and digits, a repetition of nothing or of a repetition, an alternative that is empty,
// anchors in the middle, and braces.
bool is_comparable(std::string_view regex) {
    if (regex.empty() || regex.size() > 24) return false;
    bool repeatable = false;
    int depth = 0;
    for (std::size_t i = 0; i < regex.size(); ++i) {
        const char c = regex[i];
        switch (c) {
            case '*':
            case '+':
            case '?':
                if (!std::exchange(repeatable, false)) return false;
                break;
            case '|':
            case ')':
                if (i == 0 || regex[i - 1] == '|' || regex[i - 1] == '(') return false;
                if (c == ')' && --depth < 0) return false;
                repeatable = c == ')';
                break;
            case '(':
                ++depth;
                repeatable = false;
                break;
            case '^':
                if (i != 0) return false;
                break;
            case '$':
                if (i + 1 != regex.size()) return false;
                break;
            case '\\':
                if (++i == regex.size() ||
                    std::string_view(".*+?|()^$[]/\\").find(regex[i]) == std::string_view::npos) {
                    return false;
                }
                repeatable = true;
                break;
            default:
                if (c != '.' && c != '/' && c != '-' && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F'))
                    return false;
                repeatable = true;
        }
    }
    return depth == 0 && regex.back() != '|';
}

// What `r regex <>` makes of the name; nullopt: the C library does not take it.
std::optional<std::string> by_library(const std::string& regex, const std::string& name, bool any_case) {
    regex_t compiled;
    if (regcomp(&compiled, regex.c_str(), REG_EXTENDED | (any_case ? REG_ICASE : 0)) != 0) return std::nullopt;
    regmatch_t found[1];
    std::string out = name;
    if (regexec(&compiled, name.c_str(), 1, found, 0) == 0) {
        const auto begin = static_cast<std::size_t>(found[0].rm_so);
        out.replace(begin, static_cast<std::size_t>(found[0].rm_eo) - begin, mark);
    }
    regfree(&compiled);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const std::string regex(input.until('\0'));
    const std::string name(input.take(40));
    if (!is_comparable(regex) || name.find('\0') != std::string::npos || name.find('\n') != std::string::npos) return 0;
    const bool any_case = name.size() % 2 == 1;
    const auto expected = by_library(regex, name, any_case);
    if (!expected) return 0;
    for (const RegexEngine engine : {RegexEngine::linear, RegexEngine::posix}) {
        const auto parsed =
            Remap::parse((any_case ? "ri " : "r ") + regex + " " + std::string(mark), {.engine = engine});
        require(parsed.rules != nullptr, "what the C library takes is taken");
        RemapRun run(parsed.rules, {wherry::net::Address::loopback(1), false}, name);
        require(run.run() == RemapRun::State::done, "one rule takes few steps");
        if (run.name() != *expected) {
            std::fprintf(stderr, "%s in %s: %s, not %s\n", regex.c_str(), name.c_str(), run.name().c_str(),
                         expected->c_str());
        }
        require(run.name() == *expected, "the match that the C library finds");
    }
    return 0;
}
