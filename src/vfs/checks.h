#pragma once
// Small answers that every filesystem gives the same way.
#include <string>
#include <string_view>

#include "wherry/filesystem.h"

namespace wherry::vfs {

// "<doing> <path>: <name of the code>", for refusals that no system call made.
inline std::unexpected<Error> refuse(Code code, std::string_view doing, const Path& path) {
    std::string message(doing);
    message.append(" ").append(path.text()).append(": ").append(name_of(code));
    return fail(code, std::move(message));
}

// True if opening this way may change anything, by the opening itself or later.
inline bool changes(const OpenMode& mode) noexcept { return mode.write || mode.create || mode.truncate; }

// False for what cannot be meant: neither reading nor writing, or a way of writing without writing.
inline bool makes_sense(const OpenMode& mode) noexcept {
    if (mode.write) return mode.create || !mode.exclusive;
    return mode.read && !mode.create && !mode.truncate && !mode.exclusive && !mode.atomic;
}

// Permission bits of a new object. The bits above 0777 are never taken from a client.
inline std::uint32_t new_mode(std::uint32_t asked, std::uint32_t umask) noexcept { return asked & 0777 & ~umask; }

// Permission bits after a client asked for `asked`: a file loses setuid, setgid and sticky; a directory may be made
// sticky and keeps its setgid, as chmod(1) does with it.
inline std::uint32_t changed_mode(Kind kind, std::uint32_t before, std::uint32_t asked) noexcept {
    return kind == Kind::directory ? (asked & 01777) | (before & 02000) : asked & 0777;
}

// Where OpenMode::keep_partial leaves a failed upload: "<name>.partial", the name cut short where that is too long.
inline std::string partial_name(std::string_view name) {
    constexpr std::string_view suffix = ".partial";
    return std::string(name.substr(0, Path::max_component - suffix.size())).append(suffix);
}

}  // namespace wherry::vfs
