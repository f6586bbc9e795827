#include "ftp/line_splitter.h"

namespace wherry::ftp {

namespace {

// A session that once had a long line torn apart does not keep the memory for it.
constexpr std::size_t most_idle_capacity = 512;

std::string_view without_cr(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

void LineSplitter::release_tail() noexcept {
    handed_out_ = false;
    if (tail_.capacity() > most_idle_capacity) {
        tail_ = std::string();
    } else {
        tail_.clear();
    }
}

void LineSplitter::clear() noexcept {
    release_tail();
    discarding_ = false;
}

// Of a line whose end has not come: a CR at its end may turn out to be the line end.
bool LineSplitter::fits(std::string_view line) const noexcept { return without_cr(line).size() <= max_line_; }

std::optional<LineSplitter::Line> LineSplitter::finish(std::string_view line) {
    line = without_cr(line);
    if (line.size() > max_line_) return Line{{}, true};
    return Line{line, false};
}

// All of `input` is the beginning or middle of a line.
std::optional<LineSplitter::Line> LineSplitter::keep(std::string_view input) {
    if (discarding_ || input.empty()) return std::nullopt;
    // Two bytes above the limit are too many whatever they are, and then nothing needs to be copied.
    if (tail_.size() + input.size() <= max_line_ + 1) {
        tail_.append(input);
        if (fits(tail_)) return std::nullopt;
    }
    release_tail();
    discarding_ = true;
    return Line{{}, true};
}

std::optional<LineSplitter::Line> LineSplitter::next(std::string_view& input) {
    if (handed_out_) release_tail();
    while (true) {
        const std::size_t end = input.find('\n');
        const std::string_view piece = input.substr(0, end);
        const bool complete = end != std::string_view::npos;
        input.remove_prefix(complete ? end + 1 : input.size());
        if (!complete) return keep(piece);
        if (discarding_) {
            discarding_ = false;
            continue;
        }
        if (tail_.empty()) return finish(piece);
        if (auto too_long = keep(piece)) {
            discarding_ = false;
            return too_long;
        }
        handed_out_ = true;
        return finish(tail_);
    }
}

}  // namespace wherry::ftp
