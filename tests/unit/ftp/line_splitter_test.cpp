#include "ftp/line_splitter.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace wherry::ftp {
namespace {

using Lines = std::vector<std::string>;

// Feeds pieces; what is handed out is copied at once, for the views do not last.
class Feeder {
public:
    explicit Feeder(std::size_t max_line = LineSplitter::default_max_line) : splitter_(max_line) {}

    Feeder& feed(std::string_view piece) {
        // A buffer of its own, freed behind the call: views that outlive it are seen by the sanitizer.
        const std::string buffer(piece);
        std::string_view input = buffer;
        while (const auto line = splitter_.next(input)) {
            EXPECT_TRUE(!line->too_long || line->text.empty());
            lines_.push_back(line->too_long ? "<too long>" : std::string(line->text));
        }
        EXPECT_TRUE(input.empty());
        return *this;
    }
    Lines take() { return std::exchange(lines_, {}); }
    LineSplitter& splitter() { return splitter_; }

private:
    LineSplitter splitter_;
    Lines lines_;
};

TEST(LineSplitter, lf_and_crlf_end_lines) {
    EXPECT_EQ(Feeder().feed("USER a\r\nPASS b\nQUIT\r\n").take(), (Lines{"USER a", "PASS b", "QUIT"}));
    EXPECT_EQ(Feeder().feed("\r\n\n").take(), (Lines{"", ""}));
}

TEST(LineSplitter, a_lone_cr_ends_nothing) {
    EXPECT_EQ(Feeder().feed("a\rb\r\n").take(), (Lines{"a\rb"}));
    EXPECT_EQ(Feeder().feed("a\r\r\n").take(), (Lines{"a\r"}));
}

TEST(LineSplitter, an_unfinished_line_waits) {
    Feeder feeder;
    EXPECT_EQ(feeder.feed("US").take(), Lines{});
    EXPECT_TRUE(feeder.splitter().in_line());
    EXPECT_EQ(feeder.feed("ER a\r").take(), Lines{});
    EXPECT_EQ(feeder.feed("\nNO").take(), Lines{"USER a"});
    EXPECT_TRUE(feeder.splitter().in_line());
    EXPECT_EQ(feeder.feed("OP\n").take(), Lines{"NOOP"});
    EXPECT_FALSE(feeder.splitter().in_line());
}

TEST(LineSplitter, whole_lines_are_views_into_the_input) {
    LineSplitter splitter;
    const std::string buffer = "USER a\r\nPASS b\r\n";
    std::string_view input = buffer;
    const auto first = splitter.next(input);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->text.data(), buffer.data());
    const auto second = splitter.next(input);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->text.data(), buffer.data() + 8);
    EXPECT_EQ(first->text, "USER a");
    EXPECT_FALSE(splitter.next(input));
}

TEST(LineSplitter, the_limit_does_not_count_the_line_end) {
    EXPECT_EQ(Feeder(4).feed("abcd\r\nabcd\nabcde\nabcde\r\nx\n").take(),
              (Lines{"abcd", "abcd", "<too long>", "<too long>", "x"}));
    EXPECT_EQ(Feeder(4).feed("abc\r\r\nabcd\r\r\n").take(), (Lines{"abc\r", "<too long>"}));
}

// Security 12, CVE-2008-4247: the tail of a long line must not be a command.
TEST(LineSplitter, the_tail_of_a_long_line_is_never_a_line) {
    const std::string line = std::string(5000, 'x') + "DELE a";
    EXPECT_EQ(Feeder(2048).feed(line + "\r\nNOOP\r\n").take(), (Lines{"<too long>", "NOOP"}));
    Feeder feeder(2048);
    for (const char c : line) feeder.feed(std::string(1, c));
    EXPECT_EQ(feeder.feed("\r\nNOOP\r\n").take(), (Lines{"<too long>", "NOOP"}));
}

// The client is told before the end has come, which may be never.
TEST(LineSplitter, a_long_line_is_reported_once_and_at_once) {
    Feeder feeder(4);
    EXPECT_EQ(feeder.feed("abcde").take(), Lines{"<too long>"});
    EXPECT_TRUE(feeder.splitter().in_line());
    EXPECT_EQ(feeder.feed("fghijklmnopqrstuvw").take(), Lines{});
    EXPECT_EQ(feeder.feed("\nab\n").take(), Lines{"ab"});
    EXPECT_FALSE(feeder.splitter().in_line());
}

TEST(LineSplitter, a_cr_at_the_limit_decides_itself_later) {
    EXPECT_EQ(Feeder(4).feed("abcd\r").take(), Lines{});
    EXPECT_EQ(Feeder(4).feed("abcd\r").feed("\n").take(), Lines{"abcd"});
    EXPECT_EQ(Feeder(4).feed("abcd\r").feed("x").take(), Lines{"<too long>"});
    EXPECT_EQ(Feeder(4).feed("abcd\r").feed("\r\n").take(), Lines{"<too long>"});
}

// CVE-2011-0411: what was said in clear before TLS must not count after it.
TEST(LineSplitter, clear_forgets_an_unfinished_line) {
    Feeder feeder(8);
    feeder.feed("PASS x");
    feeder.splitter().clear();
    EXPECT_FALSE(feeder.splitter().in_line());
    EXPECT_EQ(feeder.feed("NOOP\r\n").take(), Lines{"NOOP"});
    feeder.feed("much too long");
    feeder.splitter().clear();
    feeder.take();
    EXPECT_EQ(feeder.feed("NOOP\r\n").take(), Lines{"NOOP"});
}

TEST(LineSplitter, bytes_that_are_no_text_pass) {
    const std::string all("a\0\x01\xFF\x1B", 5);
    EXPECT_EQ(Feeder().feed(all + "\n").take(), Lines{all});
}

// One line after the other by the plain rules, of the whole text.
Lines model(const std::string& text, std::size_t max_line) {
    Lines lines;
    std::string line;
    for (const char c : text) {
        if (c != '\n') {
            line += c;
            continue;
        }
        if (line.ends_with('\r')) line.pop_back();
        lines.push_back(line.size() > max_line ? "<too long>" : line);
        line.clear();
    }
    const std::size_t content = line.ends_with('\r') ? line.size() - 1 : line.size();
    if (content > max_line) lines.emplace_back("<too long>");
    return lines;
}

class LineSplitterProperty : public testing::TestWithParam<unsigned> {};

TEST_P(LineSplitterProperty, any_cut_gives_the_same_lines) {
    std::mt19937 random(GetParam());
    for (int i = 0; i < 20'000; ++i) {
        const std::size_t max_line = random() % 12;
        std::string text(random() % 80, '\0');
        for (char& c : text) c = "abcdefgh\r\r\n\0"[random() % 12];
        const Lines expected = model(text, max_line);
        ASSERT_EQ(Feeder(max_line).feed(text).take(), expected);
        Feeder feeder(max_line);
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view piece = rest.substr(0, random() % 9);
            feeder.feed(piece);
            rest.remove_prefix(piece.size());
        }
        ASSERT_EQ(feeder.take(), expected);
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, LineSplitterProperty, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace wherry::ftp
