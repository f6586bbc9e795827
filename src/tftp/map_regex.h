#pragma once
// MapRegex: a regular expression of a map file: POSIX extended, any bytes, the leftmost and longest match. Two engines:
//
//   linear   RE2: time linear in the name, and so no back-references;
//   posix    regexec(3) of the C library, as tftpd-hpa has it: knows back-references, and may take a time that is
//            exponential in the name. So names have to be short, and it is asked on workers alone.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "wherry/result.h"

namespace re2 {
class RE2;
}

namespace wherry::tftp {

enum class RegexEngine : std::uint8_t { linear, posix };

// A value that many may share and use at a time.
class MapRegex {
public:
    static constexpr std::size_t groups = 10;  // \0 to \9
    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::array<std::string_view, groups> parts{};  // of the name; empty: a group that took no part
    };

    // Code::invalid, with what is wrong. `text` holds no NUL.
    static Result<MapRegex> parse(std::string_view text, RegexEngine engine, bool any_case);

    // The first match that begins at `from` or behind it; "^" is the beginning of the name all the same. Code::internal
    // if the engine gave up.
    Result<std::optional<Match>> find(std::string_view name, std::size_t from) const;

private:
    struct Posix;
    Result<std::optional<Match>> find_posix(std::string_view name, std::size_t from) const;

    std::shared_ptr<const re2::RE2> linear_;  // one of the two
    std::shared_ptr<const Posix> posix_;
};

}  // namespace wherry::tftp
