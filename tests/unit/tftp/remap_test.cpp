#include "tftp/remap.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

struct Vector {
    const char* rules;
    const char* name;
    const char* result;  // "ERROR: text" for a refusal
};

std::string map(std::string_view rules, std::string name, bool write = false, std::string_view from = "127.0.0.1") {
    const auto parsed = Remap::parse(rules);
    if (!parsed.rules) return "line " + std::to_string(parsed.errors.front().line) + ": " + parsed.errors.front().text;
    RemapRun run(parsed.rules, {net::Address::parse_ip(from, 2000).value(), write}, std::move(name));
    while (true) {
        const auto state = run.run();
        if (state == RemapRun::State::done) return run.name();
        if (state == RemapRun::State::refused) return "ERROR: " + run.refusal().text;
        run.answer(run.name() == "there");
    }
}

class RemapVectors : public ::testing::TestWithParam<Vector> {};

TEST_P(RemapVectors, T125_give_what_tftpd_hpa_gives) {
    EXPECT_EQ(map(GetParam().rules, GetParam().name), GetParam().result) << GetParam().rules;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RemapVectors,
    ::testing::Values(
        Vector{"r a b", "aXa", "bXa"}, Vector{"rg a b", "aXa", "bXb"}, Vector{"r \\\\ /", "x\\y\\z", "x/y\\z"},
        Vector{"rg \\\\ /", "x\\y\\z", "x/y/z"}, Vector{"rg ^/", "///q", "q"},
        Vector{"ri ^ABC x-\\0", "abcd", "x-abcd"}, Vector{"r ^(.)(.) \\2\\1", "xyz", "yxz"},
        Vector{"r ^ \\U", "low", "low"}, Vector{"r (.*) \\U\\1\\E-\\1", "low", "LOW-low"},
        Vector{"r ^(.*)$ \\L\\1", "MiXed", "mixed"}, Vector{"r ^ \\i/", "f", "127.0.0.1/f"},
        Vector{"r ^ \\x/", "f", "7F000001/f"}, Vector{"r ^ a\\ b", "c", "a bc"}, Vector{"r ^ a\\#b", "c", "a#bc"},
        Vector{"r ^ a#comment", "c", "ac"}, Vector{"a ^secret$ no\\ way\\ \\i", "secret", "ERROR: no way 127.0.0.1"},
        Vector{"a ^secret$", "secret", "ERROR: Access violation"}, Vector{"a~ ^pub/", "x", "ERROR: Access violation"},
        Vector{"re ^x y\nr ^y z", "x", "y"}, Vector{"r ^x y\nr ^y z", "x", "z"},
        Vector{"rs ^x y\nr ^y z\nr ^x w", "xx", "zx"}, Vector{"rG ^ get-", "f", "get-f"}, Vector{"rP ^ put-", "f", "f"},
        Vector{"rGP ^ both-", "f", "f"}, Vector{"r ^(a)?(b)? [\\1\\2]", "bz", "[b]z"},
        Vector{"r ^(dir.*)$ /\\1", "dir\\file", "/dir\\file"}, Vector{"r b* -", "abb", "-abb"},
        Vector{"r ^ \\q\\z", "f", "qzf"}, Vector{"i ^f", "f", "f"}, Vector{"r [[:digit:]]+ N", "a12b3", "aNb3"},
        Vector{"r ^.*$", "gone", ""},
        // what the table does not have
        Vector{"rgg a ba", "aXa", "baXba"}, Vector{"rgg ^a b", "aaa", "baa"}, Vector{"rgg x* -", "ab", "-a-b-"},
        Vector{"# nothing\n\n \t\nr a b # and more", "a", "b"}, Vector{"r a b\r\n", "a", "b"},
        Vector{"j ^x here\nr ^ no-\n:here\nr ^ yes-", "x", "yes-x"},
        Vector{"j ^x \\0\nr ^ no-\n: x\nr ^ yes-", "x", "yes-x"},
        Vector{"j ^x nowhere", "x", "ERROR: Name mapping failed"}, Vector{"rE ^x there\nr ^ no-", "x", "there"},
        Vector{"rE ^x missing\nr ^ no-", "x", "no-x"}, Vector{"E . \nr ^ no-", "x", "no-x"}));

TEST(Remap, T125_an_endless_rule_ends) {
    EXPECT_EQ(map("rg x xx", "x"), "ERROR: Name mapping failed");
    EXPECT_EQ(map("rs ^ a", "x"), "ERROR: Name mapping failed");
    EXPECT_EQ(map(":a\nj . a", "x"), "ERROR: Name mapping failed");
    EXPECT_EQ(map("rg ^ \\0", "x"), "ERROR: Name mapping failed");
}

TEST(Remap, rules_for_some_clients) {
    EXPECT_EQ(map("rP ^ put-\nrG ^ get-", "f", true), "put-f");
    EXPECT_EQ(map("r4 ^ four-\nr6 ^ six-", "f", false, "2001:db8::1"), "six-f");
    EXPECT_EQ(map("r ^ \\x-", "f", false, "2001:db8::1"), "20010DB8000000000000000000000001-f");
    EXPECT_EQ(map("r4 ^ four-", "f", false, "::ffff:10.0.0.1"), "four-f");
}

// Evil expressions take no more time than others (attack 64).
TEST(Remap, S64_no_expression_takes_exponential_time) {
    EXPECT_EQ(map("r ^(a|aa)+$ x", std::string(1000, 'a') + "b"), std::string(1000, 'a') + "b");
    EXPECT_EQ(map("r ^(a*)*b x", std::string(2000, 'a')), std::string(2000, 'a'));
}

TEST(Remap, a_file_with_mistakes_is_refused_with_all_of_them) {
    const auto parsed = Remap::parse("r a b\nq a b\nr\nr [ x\nr~ a b\nre (.)\\1 x\nes a");
    EXPECT_EQ(parsed.rules, nullptr);
    ASSERT_EQ(parsed.errors.size(), 6U);
    EXPECT_EQ(parsed.errors[0].line, 2U);
    EXPECT_EQ(parsed.errors[0].text, "unknown letter 'q'");
    EXPECT_EQ(parsed.errors[1].text, "the regular expression is missing");
    EXPECT_EQ(parsed.errors[2].line, 4U);
    EXPECT_EQ(parsed.errors[3].text, "'r' and '~' exclude each other");
    EXPECT_NE(parsed.errors[4].text.find("back-references"), std::string::npos);
    EXPECT_EQ(parsed.errors[5].text, "'e' and 's' exclude each other");
}

TEST(Remap, rules_that_never_run_are_warned_of) {
    const auto parsed = Remap::parse("rGP a b\nr46 a b\nj a nowhere\nj a \\0");
    ASSERT_NE(parsed.rules, nullptr);
    const auto& warnings = parsed.rules->warnings();
    ASSERT_EQ(warnings.size(), 3U);
    EXPECT_EQ(warnings[2].line, 3U);
}

TEST(Remap, labels_that_are_never_used_are_warned_of) {
    const auto parsed = Remap::parse(":used\nr a b\n: other\nj x used\nj x missing\n:\n");
    const auto& warnings = parsed.rules->warnings();
    ASSERT_EQ(warnings.size(), 3U);
    EXPECT_EQ(warnings[0].line, 3U);
    EXPECT_EQ(warnings[0].text, "the label other is never used");
    EXPECT_EQ(warnings[1].text, "there is no label missing");
    EXPECT_EQ(warnings[2].line, 6U);
    EXPECT_TRUE(Remap::parse(":a\n:b\nj (.) \\1\n").rules->warnings().empty()) << "any label may be meant";
}

TEST(Remap, tells_of_each_rule_that_is_tried) {
    const auto rules = Remap::parse("r ^x y\nrP ^ put-\nr ^z w\n:end\nre ^y z\nr ^ never\n").rules;
    RemapRun run(rules, {net::Address::loopback(1), false}, "x1");
    std::string told;
    run.set_trace([&](std::uint32_t line, bool matched, std::string_view name) {
        told += std::to_string(line) + (matched ? "+" : "-") + std::string(name) + " ";
    });
    EXPECT_EQ(run.run(), RemapRun::State::done);
    EXPECT_EQ(told, "1+y1 3-y1 5+z1 ");
}

TEST(Remap, names_do_not_grow_without_end) {
    EXPECT_EQ(map("r ^ " + std::string(4097, 'x'), "f"), "ERROR: Name mapping failed");
}

}  // namespace
}  // namespace wherry::tftp
