#include "tftp/remap.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

struct Vector {
    const char* rules;
    const char* name;
    const char* result;  // "ERROR: text" for a refusal
};

struct How {
    bool write = false;
    std::string_view from = "127.0.0.1";
    RegexEngine engine = RegexEngine::linear;
};

std::string map(std::string_view rules, std::string name, const How& how = {}) {
    const auto parsed = Remap::parse(rules, {.engine = how.engine});
    if (!parsed.rules) return "line " + std::to_string(parsed.errors.front().line) + ": " + parsed.errors.front().text;
    RemapRun run(parsed.rules, {net::Address::parse_ip(how.from, 2000).value(), how.write}, std::move(name));
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

TEST_P(RemapVectors, T125_give_the_same_with_the_engine_of_tftpd_hpa) {
    EXPECT_EQ(map(GetParam().rules, GetParam().name, {.engine = RegexEngine::posix}), GetParam().result)
        << GetParam().rules;
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
    EXPECT_EQ(map("rP ^ put-\nrG ^ get-", "f", {.write = true}), "put-f");
    EXPECT_EQ(map("r4 ^ four-\nr6 ^ six-", "f", {.from = "2001:db8::1"}), "six-f");
    EXPECT_EQ(map("r ^ \\x-", "f", {.from = "2001:db8::1"}), "20010DB8000000000000000000000001-f");
    EXPECT_EQ(map("r4 ^ four-", "f", {.from = "::ffff:10.0.0.1"}), "four-f");
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
    EXPECT_NE(parsed.errors[4].text.find("it has a back-reference"), std::string::npos);
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

// --- what tftpd-hpa does not have, or has otherwise

std::string map_with(const RemapOptions& options, std::string_view rules, std::string name,
                     const RemapRun::Client& client) {
    const auto parsed = Remap::parse(rules, options);
    if (!parsed.rules) return parsed.errors.front().text;
    RemapRun run(parsed.rules, client, std::move(name));
    return run.run() == RemapRun::State::done ? run.name() : "ERROR: " + run.refusal().text;
}

TEST(Remap, macros_that_tftpd_hpa_does_not_have_are_letters_unless_asked_for) {
    RemapRun::Client client{net::Address::parse_ip("10.0.0.5", 2000).value(), false};
    client.mac = net::Mac{{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c}};
    client.interface = "eth1";
    client.local = net::Address::parse_ip("10.0.0.1", 69).value();
    constexpr std::string_view rule = "r ^ \\m/\\n/\\l/\\U\\m\\E/";
    EXPECT_EQ(map_with({}, rule, "f", client), "m/n/l/M/f");
    const RemapOptions extended{.macros = Macros::extended};
    EXPECT_EQ(map_with(extended, rule, "f", client), "00-1b-21-0a-0b-0c/eth1/10.0.0.1/00-1B-21-0A-0B-0C/f");
    EXPECT_EQ(map_with(extended, "a . \\n\\ \\q", "f", client), "ERROR: eth1 q");
    client.local = net::Address::parse_ip("2001:db8::1", 69).value();
    client.mac.reset();
    EXPECT_EQ(map_with(extended, "r ^ [\\m]\\l/", "f", client), "[]2001:db8::1/f");
}

TEST(Remap, knows_which_macros_are_wanted) {
    const RemapOptions extended{.macros = Macros::extended};
    const auto rules = Remap::parse("r m \\\\n\\#\nr n \\m\n", extended).rules;
    EXPECT_TRUE(rules->uses('m'));
    EXPECT_FALSE(rules->uses('n'));
    EXPECT_FALSE(Remap::parse("r n \\m\n").rules->uses('m'));
}

TEST(Remap, the_posix_engine_knows_back_references) {
    const RemapOptions posix{.engine = RegexEngine::posix};
    const RemapRun::Client client{net::Address::loopback(1), false};
    EXPECT_EQ(map_with(posix, "r (.)\\1 <\\1>", "hello", client), "he<l>o");
    EXPECT_EQ(map_with(posix, "rg (.)\\1 \\1", "bookkeeper", client), "bokeper");
    EXPECT_EQ(map_with(posix, "rgg ^a b", "aaa", client), "baa");
    EXPECT_EQ(map_with(posix, "rgg x* -", "ab", client), "-a-b-");
}

// Also where no rule is about it: who made a rule that refuses has to be able to rely on it.
TEST(Remap, the_posix_engine_takes_short_names_alone) {
    const RemapOptions posix{.engine = RegexEngine::posix};
    const RemapRun::Client client{net::Address::loopback(1), false};
    const std::string longest(256, 'x');
    EXPECT_EQ(map_with(posix, "a ^secret", longest, client), longest);
    EXPECT_EQ(map_with(posix, "a ^secret", longest + "x", client), "ERROR: Name mapping failed");
    EXPECT_EQ(map_with(posix, "r ^ y", longest, client), "ERROR: Name mapping failed");
    EXPECT_EQ(map_with(posix, "rgg x xx", longest, client), "ERROR: Name mapping failed");
    EXPECT_EQ(map_with({}, "a ^secret", longest + "x", client), longest + "x");
    EXPECT_EQ(map_with({}, "a ^secret", std::string(4097, 'x'), client), "ERROR: Name mapping failed");
}

}  // namespace
}  // namespace wherry::tftp
