#pragma once
// Path: an absolute, normal, virtual path, as the clients see it. There is no other kind: text from the wire becomes a
// Path once, in Path::resolve, and below that line no function takes a path as a string.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/result.h"

namespace wherry {

// Invariants: starts with '/', has no empty, "." or ".." component, no NUL byte and no slash at its end (but for the
// root "/" itself). Bytes are otherwise kept as they came: no decoding, no case folding, no Unicode normalisation,
// since each of these has let somebody around a check. A name with bytes that are not UTF-8 is a valid name. A value:
// copy, move, compare and hash freely, from any thread.
class Path {
public:
    static constexpr std::size_t max_length = 4096;    // bytes of the whole path
    static constexpr std::size_t max_component = 255;  // bytes of one name
    static constexpr std::size_t max_depth = 256;      // components

    Path() = default;  // the root

    // The only way from text to a Path. Text that does not begin with '/' counts from `cwd`; "." and empty components
    // are dropped; ".." goes up and stays at the root (RFC 3659 section 6, TVFS). Fails with Code::invalid for a NUL
    // byte and with Code::name_not_allowed for what is longer or deeper than the limits above.
    static Result<Path> resolve(const Path& cwd, std::string_view text);
    static Result<Path> resolve(std::string_view text) { return resolve(Path(), text); }

    std::string_view text() const noexcept { return text_; }  // "/a/b"
    const std::string& string() const noexcept { return text_; }
    const char* c_str() const noexcept { return text_.c_str(); }
    // For *at() system calls: "a/b", or "." for the root. Points into this Path.
    const char* relative() const noexcept { return is_root() ? "." : text_.c_str() + 1; }
    std::string_view name() const noexcept;       // last component; empty for the root
    std::string_view extension() const noexcept;  // ".txt"; empty when there is none
    Path parent() const;                          // the root's parent is the root
    bool is_root() const noexcept { return text_.size() == 1; }
    std::size_t depth() const noexcept;  // 0 for the root
    std::vector<std::string_view> components() const;

    // `name` must be one valid component, as a directory listing gives it.
    Path child(std::string_view name) const;
    // True if this path is `directory` or lies below it, by whole components: /ab is not inside /a.
    bool is_inside(const Path& directory) const noexcept;
    // The path as seen from `directory`, which must contain it: /a/b/c inside /a is /b/c.
    Path below(const Path& directory) const;
    // This path put under `directory`: the inverse of below.
    Path under(const Path& directory) const;

    friend bool operator==(const Path&, const Path&) = default;
    friend auto operator<=>(const Path&, const Path&) = default;

private:
    explicit Path(std::string text) : text_(std::move(text)) {}
    std::string text_ = "/";
};

}  // namespace wherry

template <>
struct std::hash<wherry::Path> {
    std::size_t operator()(const wherry::Path& path) const noexcept {
        return std::hash<std::string_view>{}(path.text());
    }
};
