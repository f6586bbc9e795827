#pragma once
// NameRegex: a regular expression that is looked for in names, in the manner of Perl without what is not linear: no
// look-around, no back-references (RE2). Bytes are letters of their own, whatever charset a name is in.
#include <memory>
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace re2 {
class RE2;
}

namespace wherry::tftp {

// A value that many may share and use at a time. An empty one fits every name.
class NameRegex {
public:
    static constexpr std::size_t longest = 1024;

    NameRegex() = default;
    // Code::invalid, with what is wrong.
    static Result<NameRegex> parse(std::string text);

    bool is_in(std::string_view name) const;
    bool empty() const noexcept { return text_.empty(); }
    const std::string& text() const noexcept { return text_; }
    friend bool operator==(const NameRegex& a, const NameRegex& b) noexcept { return a.text_ == b.text_; }

private:
    std::string text_;
    std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace wherry::tftp
