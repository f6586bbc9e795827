#include "core/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace wherry {
namespace {

using namespace std::string_view_literals;

TEST(Text, case_is_ascii_only) {
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const bool small = i >= 'a' && i <= 'z';
        const bool capital = i >= 'A' && i <= 'Z';
        EXPECT_EQ(ascii_upper(c), small ? static_cast<char>(i - 32) : c);
        EXPECT_EQ(ascii_lower(c), capital ? static_cast<char>(i + 32) : c);
        EXPECT_EQ(is_letter(c), small || capital);
        EXPECT_EQ(is_digit(c), i >= '0' && i <= '9');
        EXPECT_EQ(is_control(c), i < 32 || i == 127);
    }
    EXPECT_EQ(upper("retr\xE4[@`{"), "RETR\xE4[@`{");
    EXPECT_EQ(lower("RETR\xC4"), "retr\xC4");
}

TEST(Text, iequals) {
    EXPECT_TRUE(iequals("TyPe", "tYpE"));
    EXPECT_FALSE(iequals("type", "types"));
    EXPECT_FALSE(iequals("\xE4", "\xC4"));
    EXPECT_FALSE(iequals("@", "`"));
    EXPECT_TRUE(istarts_with("UTF8 ON", "utf8"));
    EXPECT_FALSE(istarts_with("UT", "utf8"));
}

TEST(Text, split_gives_one_piece_more_than_separators) {
    using Pieces = std::vector<std::string_view>;
    EXPECT_EQ(split("", ';'), Pieces{""});
    EXPECT_EQ(split("a", ';'), Pieces{"a"});
    EXPECT_EQ(split(";a;;b;", ';'), (Pieces{"", "a", "", "b", ""}));
}

TEST(Text, trim) {
    EXPECT_EQ(trim(" \t a b\r\n "), "a b");
    EXPECT_EQ(trim("  "), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("a"), "a");
}

// Values that have passed for offsets elsewhere (security: REST, RANG, ALLO, tsize).
TEST(Text, parse_u63) {
    EXPECT_EQ(parse_u63("0"), 0U);
    EXPECT_EQ(parse_u63("0000000000000000000000000007"), 7U);
    EXPECT_EQ(parse_u63("9223372036854775807"), 9223372036854775807U);
    for (const auto text :
         {""sv, "9223372036854775808"sv, "18446744073709551616"sv, "99999999999999999999999"sv, "-1"sv, "-0"sv, "+5"sv,
          " 5"sv, "5 "sv, "1e30"sv, "1.5"sv, "0x10"sv, "5\0"sv, "\xB2"sv, "1,000"sv}) {
        EXPECT_EQ(parse_u63(text), std::nullopt) << text;
    }
}

TEST(Text, parse_at_most_agrees_with_wide_arithmetic) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t most = random() >> (random() % 64);
        const std::uint64_t number = random() >> (random() % 64);
        const auto expected = number <= most ? std::optional(number) : std::nullopt;
        ASSERT_EQ(parse_at_most(std::to_string(number), most), expected) << number << " of " << most;
    }
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(parse_at_most("18446744073709551615", top), top);
    EXPECT_EQ(parse_at_most("18446744073709551616", top), std::nullopt);
    EXPECT_EQ(parse_at_most("3", 2), std::nullopt);
    EXPECT_EQ(parse_at_most("0", 0), 0U);
    EXPECT_EQ(parse_at_most("1", 0), std::nullopt);
}

TEST(Text, append_decimal) {
    std::string out = "x";
    append_decimal(out, 0);
    append_decimal(out, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(out, "x018446744073709551615");
}

// Security: names must not end a line or start a reply of their own.
TEST(Text, printable_replaces_every_control_byte_and_nothing_else) {
    EXPECT_EQ(printable("a\r\n226 done\r\n"), "a??226 done??");
    EXPECT_EQ(printable("\x1B]0;x\x07\0\x7F\t"sv), "?]0;x????");
    EXPECT_EQ(printable("gr\xC3\xBC\xC3\x9F \xE6\x97\xA5 \xF0\x9F\x98\x80"),
              "gr\xC3\xBC\xC3\x9F \xE6\x97\xA5 \xF0\x9F\x98\x80");
    EXPECT_EQ(printable("\xFF\x80"), "\xFF\x80");
    for (int i = 0; i < 256; ++i) {
        const std::string one(1, static_cast<char>(i));
        EXPECT_EQ(printable(one), i < 32 || i == 127 ? "?" : one);
        EXPECT_EQ(has_control(one), i < 32 || i == 127);
    }
}

TEST(Text, append_printable_leaves_what_was_there) {
    std::string out = "a\r\n";
    append_printable(out, "b\n");
    EXPECT_EQ(out, "a\r\nb?");
}

// Security: logs are read by people in terminals and by programs by lines.
TEST(Text, for_log_escapes) {
    EXPECT_EQ(for_log("plain name.txt"), "plain name.txt");
    EXPECT_EQ(for_log("a\r\nb"), "a\\x0D\\x0Ab");
    EXPECT_EQ(for_log("\x1B]0;x\x07"), "\\x1B]0;x\\x07");
    EXPECT_EQ(for_log("\0\x7F"sv), "\\x00\\x7F");
    EXPECT_EQ(for_log("a\\x0Ab"), "a\\x5Cx0Ab");
    EXPECT_EQ(for_log("\xC3\xBC\xE6\x97\xA5\xF0\x9F\x98\x80"), "\xC3\xBC\xE6\x97\xA5\xF0\x9F\x98\x80");
    EXPECT_EQ(for_log("\xFF\xC3"), "\\xFF\\xC3");
    EXPECT_EQ(for_log("\xC2\x9B"
                      "2J"),
              "\\xC2\\x9B"
              "2J");  // CSI as one character
    EXPECT_EQ(for_log("a\xE2\x80\xAE"
                      "b"),
              "a\\xE2\\x80\\xAE"
              "b");  // right-to-left override
    EXPECT_EQ(for_log("a\xE2\x80\xA8"
                      "b"),
              "a\\xE2\\x80\\xA8"
              "b");  // line separator
}

TEST(Text, for_log_is_bounded_and_cuts_between_characters) {
    EXPECT_EQ(for_log("abcdef", 6), "abcdef");
    EXPECT_EQ(for_log("abcdefg", 6), "abc...");
    EXPECT_EQ(for_log("ab\n\n", 8), "ab...");
    EXPECT_EQ(for_log("ab\n", 6), "ab\\x0A");
    EXPECT_EQ(for_log("ab\xC3\xBC\xC3\xBC", 5), "ab...");
    EXPECT_EQ(for_log("abc", 2), "..");
    EXPECT_EQ(for_log("abc", 0), "");
    EXPECT_EQ(for_log(std::string(1'000'000, '\n'), 100).size(), 99U);
}

TEST(Text, for_log_gives_clean_text_for_any_bytes) {
    std::mt19937 random(11);
    for (int i = 0; i < 5'000; ++i) {
        std::string text(random() % 40, '\0');
        for (char& c : text) c = static_cast<char>(random());
        const std::size_t max = random() % 60;
        const std::string shown = for_log(text, max);
        ASSERT_LE(shown.size(), max);
        ASSERT_FALSE(has_control(shown));
        ASSERT_TRUE(valid_utf8(shown));
    }
}

TEST(Text, valid_utf8) {
    for (const auto text : {""sv, "abc"sv, "\0"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
                            "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
        EXPECT_TRUE(valid_utf8(text));
    }
    for (const auto text :
         {"\x80"sv, "\xBF"sv, "\xC0\xAE"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2\x41"sv, "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv,
          "\xED\xBF\xBF"sv, "\xE2\x82"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv,
          "a\xE2\x82"sv, "\xF8\x88\x80\x80\x80"sv}) {
        EXPECT_FALSE(valid_utf8(text));
    }
}

// Encodes all code points and compares the decoder's opinion of them.
TEST(Text, utf8_length_knows_all_code_points) {
    for (unsigned c = 0; c <= 0x10FFFF; ++c) {
        std::string text;
        const auto put = [&text](unsigned byte) { text += static_cast<char>(byte); };
        if (c < 0x80) {
            put(c);
        } else if (c < 0x800) {
            put(0xC0 | (c >> 6));
            put(0x80 | (c & 63));
        } else if (c < 0x10000) {
            put(0xE0 | (c >> 12));
            put(0x80 | ((c >> 6) & 63));
            put(0x80 | (c & 63));
        } else {
            put(0xF0 | (c >> 18));
            put(0x80 | ((c >> 12) & 63));
            put(0x80 | ((c >> 6) & 63));
            put(0x80 | (c & 63));
        }
        const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        ASSERT_EQ(utf8_length(text + "x"), surrogate ? 0 : text.size()) << c;
    }
}

}  // namespace
}  // namespace wherry
