#pragma once
// LineSplitter: cuts the bytes of a control connection into lines. Pure; one per connection, used by its session only.
//
// A line ends with LF or CRLF. It may be at most `max_line` bytes long without that end; a longer one is reported once,
// as soon as that is certain, and then dropped up to its LF, so that its tail is never taken for a command
// (CVE-2008-4247). A line that lies in one received buffer is handed out as a view into that buffer; only the
// unfinished end of a buffer is copied. No more than max_line + 1 bytes are ever kept.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wherry::ftp {

class LineSplitter {
public:
    static constexpr std::size_t default_max_line = 8192;

    struct Line {
        std::string_view text;  // without the line end; valid until the next call and as long as the input is
        bool too_long = false;  // then `text` is empty
    };

    explicit LineSplitter(std::size_t max_line = default_max_line) noexcept : max_line_(max_line) {}

    // The next line; takes its bytes, or all bytes if there is none yet, off the front of `input`. To be called until
    // it returns nothing; then with what is received next.
    std::optional<Line> next(std::string_view& input);

    // True while a line has begun and not ended.
    bool in_line() const noexcept { return discarding_ || (!handed_out_ && !tail_.empty()); }
    // Forgets what has come of an unfinished line: after AUTH TLS nothing said in clear may count.
    void clear() noexcept;

private:
    bool fits(std::string_view line) const noexcept;
    std::optional<Line> finish(std::string_view line);
    std::optional<Line> keep(std::string_view input);
    void release_tail() noexcept;

    std::size_t max_line_;
    std::string tail_;
    bool handed_out_ = false;  // tail_ holds the line of the last call
    bool discarding_ = false;
};

}  // namespace wherry::ftp
