#pragma once
// Patterns: other names for files that are not there, in the form of atftpd's pattern files. Pure.
//
//   # regex                      name
//   ^/?pxelinux\.cfg/01-         pxelinux.cfg/default
//   ^boot/([a-z]+)-[0-9]+\.efi   boot/$1.efi
//
// Only of downloads, and only when no folder has the file: the first regex that is found in the name puts its name in
// the place of what matched, once; $0 to $9 and ${0} to ${9} are the match and its groups. Regular expressions are
// those of Perl without what is not linear: no look-around, no back-references (RE2).
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tftp/remap.h"

namespace wherry::tftp {

// Immutable once it is made; shared by all loops.
class Patterns {
public:
    struct Parsed;
    static Parsed parse(std::string_view text);

    Patterns();
    ~Patterns();
    Patterns(Patterns&&) noexcept;
    Patterns& operator=(Patterns&&) noexcept;

    // nullopt: none of them matches.
    std::optional<std::string> other_name(std::string_view name) const;

private:
    struct Line;
    std::vector<Line> lines_;
};

struct Patterns::Parsed {
    std::shared_ptr<const Patterns> patterns;  // null if there are errors
    std::vector<RemapProblem> errors;
};

}  // namespace wherry::tftp
