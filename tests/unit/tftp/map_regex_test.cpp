#include "tftp/map_regex.h"

#include <gtest/gtest.h>

#include <clocale>
#include <random>
#include <string>

namespace wherry::tftp {
namespace {

using enum RegexEngine;

// "begin-end" of the match and what \1 is; "-": there is none.
std::string found_by(RegexEngine engine, std::string_view regex, std::string_view name, std::size_t from = 0,
                     bool any_case = false) {
    const auto compiled = MapRegex::parse(regex, engine, any_case);
    if (!compiled) return compiled.error().message;
    const auto found = compiled->find(name, from);
    if (!found) return found.error().message;
    if (!*found) return "-";
    return std::to_string((*found)->begin) + "-" + std::to_string((*found)->end) + " " +
           std::string((*found)->parts[1]);
}

TEST(MapRegex, both_engines_find_the_leftmost_and_longest_match) {
    for (const RegexEngine engine : {linear, posix}) {
        EXPECT_EQ(found_by(engine, "b+", "abbb"), "1-4 ");
        EXPECT_EQ(found_by(engine, "a|ab|abc", "xabcd"), "1-4 ");
        EXPECT_EQ(found_by(engine, "x(b*)y", "axby"), "1-4 b");
        EXPECT_EQ(found_by(engine, "(c)?a", "a"), "0-1 ");
        EXPECT_EQ(found_by(engine, "[[:digit:]]+", "a12b"), "1-3 ");
        EXPECT_EQ(found_by(engine, "B", "abc"), "-");
        EXPECT_EQ(found_by(engine, "B", "abc", 0, true), "1-2 ");
    }
}

TEST(MapRegex, both_engines_know_where_the_name_begins) {
    for (const RegexEngine engine : {linear, posix}) {
        EXPECT_EQ(found_by(engine, "^a", "aaa"), "0-1 ");
        EXPECT_EQ(found_by(engine, "^a", "aaa", 1), "-");
        EXPECT_EQ(found_by(engine, "a$", "aba", 1), "2-3 ");
        EXPECT_EQ(found_by(engine, "x*", "ab", 2), "2-2 ");
        EXPECT_EQ(found_by(engine, "b", "bab", 1), "2-3 ");
    }
}

TEST(MapRegex, back_references_are_known_by_one_engine_alone) {
    EXPECT_EQ(found_by(posix, "(.)\\1", "hello"), "2-4 l");
    EXPECT_EQ(found_by(posix, "(.)\\12", "xll2"), "1-4 l");  // of a group, and a digit
    for (const char* regex : {"(.)\\1", "(.)\\12", "^(a|b)x\\1$", "[[:alpha:]](.)\\1", "[]\\2](.)\\1"}) {
        const auto refused = MapRegex::parse(regex, linear, false);
        ASSERT_FALSE(refused) << regex;
        EXPECT_NE(refused.error().message.find("it has a back-reference"), std::string::npos) << regex;
        EXPECT_NE(refused.error().message.find("tftp.names.regex_engine = \"posix\""), std::string::npos) << regex;
    }
    for (const char* regex : {"a\\\\1", "\\(1", "a1", "[(]1"}) {
        EXPECT_TRUE(MapRegex::parse(regex, linear, false)) << regex;
    }
}

TEST(MapRegex, a_mistake_is_told_in_the_words_of_the_engine) {
    EXPECT_FALSE(MapRegex::parse("[", linear, false));
    EXPECT_FALSE(MapRegex::parse("(a", posix, false));
    EXPECT_NE(MapRegex::parse("(a", posix, false).error().message, "");
}

// As tftpd-hpa has it: whatever charset names are in, a byte is a letter.
TEST(MapRegex, names_are_bytes) {
    const std::string before = std::setlocale(LC_ALL, nullptr);
    std::setlocale(LC_ALL, "C.UTF-8");
    for (const RegexEngine engine : {linear, posix}) {
        EXPECT_EQ(found_by(engine, "^.$", "\xc3\xa4"), "-");
        EXPECT_EQ(found_by(engine, "^..$", "\xc3\xa4"), "0-2 ");
        EXPECT_EQ(found_by(engine, "\xc3\xa4", "\xc3\x84", 0, true), "-");
    }
    std::setlocale(LC_ALL, before.c_str());
}

// Regular expressions of which POSIX leaves nothing open: no repetition of what may be empty or is one, no alternative
// that is empty, no anchors but at the ends.
class Expressions {
public:
    explicit Expressions(std::uint32_t seed) : dice_(seed) {}
    std::string make() { return std::string(pick(4) == 0 ? "^" : "") + alternatives(2) + (pick(4) == 0 ? "$" : ""); }
    std::string name() {
        std::string out;
        for (std::size_t left = pick(24); left > 0; --left) out += "abcAB/."[pick(7)];
        return out;
    }
    std::size_t pick(std::size_t below) { return dice_() % below; }

private:
    std::string alternatives(int depth) {
        std::string out = sequence(depth);
        while (pick(4) == 0) out += "|" + sequence(depth);
        return "(" + out + ")";
    }
    std::string sequence(int depth) {
        std::string out = atom(depth);
        for (std::size_t left = pick(3); left > 0; --left) out += repeated(depth);
        return out;  // not empty: its first part must be there
    }
    std::string repeated(int depth) {
        constexpr std::array<const char*, 6> times{"", "", "*", "+", "?", "{1,3}"};
        return atom(depth) + times[pick(times.size())];
    }
    std::string atom(int depth) {
        constexpr std::array<const char*, 9> atoms{"a", "b", "c", ".", "\\.", "/", "[ab]", "[^a/]", "[[:upper:]]"};
        return depth > 0 && pick(4) == 0 ? alternatives(depth - 1) : atoms[pick(atoms.size())];
    }
    std::mt19937 dice_;
};

TEST(MapRegex, both_engines_find_the_same_whatever_is_asked) {
    std::size_t matches = 0;
    for (std::uint32_t seed = 1; seed <= 5000; ++seed) {
        Expressions some(seed);
        const std::string regex = some.make();
        const bool any_case = some.pick(2) == 0;
        const auto fast = MapRegex::parse(regex, linear, any_case);
        const auto slow = MapRegex::parse(regex, posix, any_case);
        ASSERT_TRUE(fast && slow) << regex;
        for (int i = 0; i < 4; ++i) {
            const std::string name = some.name();
            const std::size_t from = some.pick(name.size() + 1);
            const auto a = fast->find(name, from);
            const auto b = slow->find(name, from);
            ASSERT_TRUE(a && b) << regex;
            ASSERT_EQ(a->has_value(), b->has_value()) << seed << ": " << regex << " in " << name << " from " << from;
            if (!*a) continue;
            ++matches;
            ASSERT_EQ((*a)->begin, (*b)->begin) << seed << ": " << regex << " in " << name << " from " << from;
            ASSERT_EQ((*a)->end, (*b)->end) << seed << ": " << regex << " in " << name << " from " << from;
        }
    }
    EXPECT_GT(matches, 5000U);
}

}  // namespace
}  // namespace wherry::tftp
