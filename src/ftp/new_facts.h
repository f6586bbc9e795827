#pragma once
// What clients want a file to be: the facts of MFF (draft-somers-ftp-mfxx), modes in octal, the times of SITE UTIME,
// and owners. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::ftp {

// Three or four octal digits up to 0777. Bits above are refused, not dropped in silence.
std::optional<std::uint32_t> parse_mode(std::string_view text);

// "modify=20240131235959;UNIX.mode=0644; path". Each fact at most once, at least one.
struct NewFacts {
    std::optional<std::int64_t> modified;
    std::optional<std::uint32_t> mode;
    std::string_view path;  // points into the text

    std::string text() const;  // "Modify=20240131235959;UNIX.mode=0644; path"
};
// Code::invalid for what is no list of facts, Code::unsupported for a fact that we cannot set: then none is.
Result<NewFacts> parse_new_facts(std::string_view text);

// SITE UTIME in its two forms: "YYYYMMDDhhmm[ss] path", and the older "path atime mtime ctime UTC" with 14 digits each.
// All times are UTC.
struct NewTime {
    std::int64_t modified = 0;
    std::string_view path;
};
std::optional<NewTime> parse_utime(std::string_view text);

// "1000" or "1000:1000", and a path behind a blank. Numbers only: a name that does not exist must not become user 0.
struct NewOwner {
    std::uint32_t uid = 0;
    std::optional<std::uint32_t> gid;
    std::string_view path;
};
std::optional<NewOwner> parse_owner(std::string_view text);

}  // namespace wherry::ftp
