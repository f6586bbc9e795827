#include "wherry/path.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <stdexcept>
#include <unordered_set>

namespace wherry {
namespace {

using namespace std::string_view_literals;

Path path(std::string_view text) { return Path::resolve(text).value(); }

std::string resolved(std::string_view cwd, std::string_view text) {
    const auto result = Path::resolve(path(cwd), text);
    return result ? result->string() : "!" + std::string(name_of(result.error().code));
}

// --- resolve

TEST(Path, the_default_is_the_root) {
    EXPECT_EQ(Path().text(), "/");
    EXPECT_TRUE(Path().is_root());
    EXPECT_EQ(Path(), path("/"));
}

TEST(Path, resolve_joins_relative_text_to_the_current_directory) {
    EXPECT_EQ(resolved("/", "a"), "/a");
    EXPECT_EQ(resolved("/a/b", "c"), "/a/b/c");
    EXPECT_EQ(resolved("/a/b", "/c"), "/c");
    EXPECT_EQ(resolved("/a/b", ""), "/a/b");
    EXPECT_EQ(resolved("/a/b", "."), "/a/b");
    EXPECT_EQ(resolved("/a/b", "../c"), "/a/c");
    EXPECT_EQ(resolved("/a/b", "c/d/"), "/a/b/c/d");
    EXPECT_EQ(resolved("/a/b", "./././c//d"), "/a/b/c/d");
}

// RFC 3659 section 6: the parent of the root is the root.
TEST(Path, dot_dot_stays_at_the_root) {
    EXPECT_EQ(resolved("/", ".."), "/");
    EXPECT_EQ(resolved("/", "../../../etc/passwd"), "/etc/passwd");
    EXPECT_EQ(resolved("/a/b", "../../.."), "/");
    EXPECT_EQ(resolved("/a/b", "/.."), "/");
    EXPECT_EQ(resolved("/a", "../../b/../c"), "/c");
}

TEST(Path, names_of_dots_that_are_neither_here_nor_up_are_names) {
    EXPECT_EQ(resolved("/", "..."), "/...");
    EXPECT_EQ(resolved("/", ".../.."), "/");
    EXPECT_EQ(resolved("/", "..a"), "/..a");
    EXPECT_EQ(resolved("/", "a.."), "/a..");
    EXPECT_EQ(resolved("/", ".hidden"), "/.hidden");
    EXPECT_EQ(resolved("/", ". "), "/. ");
    EXPECT_EQ(resolved("/", " .."), "/ ..");
}

TEST(Path, a_nul_byte_is_refused_wherever_it_stands) {
    EXPECT_EQ(resolved("/", "\0"sv), "!invalid");
    EXPECT_EQ(resolved("/", "a\0b"sv), "!invalid");
    EXPECT_EQ(resolved("/", "a\0/../b"sv), "!invalid");
    EXPECT_EQ(resolved("/", std::string(10'000, 'x') + '\0'), "!invalid");
}

TEST(Path, other_control_bytes_and_bytes_that_are_no_utf8_are_names) {
    EXPECT_EQ(resolved("/", "a\r\nb"), "/a\r\nb");
    EXPECT_EQ(resolved("/", "\x7F\x1B"), "/\x7F\x1B");
    EXPECT_EQ(resolved("/", "\xFF\xFE"), "/\xFF\xFE");
}

TEST(Path, component_limit) {
    const std::string longest(Path::max_component, 'x');
    EXPECT_EQ(resolved("/a", longest), "/a/" + longest);
    EXPECT_EQ(resolved("/a", longest + "x"), "!name_not_allowed");
    EXPECT_EQ(resolved("/a", longest + "x/.."), "!name_not_allowed");
}

TEST(Path, depth_limit) {
    std::string deepest;
    for (std::size_t i = 0; i < Path::max_depth; ++i) deepest += "/d";
    EXPECT_EQ(resolved("/", deepest), deepest);
    EXPECT_EQ(path(deepest).depth(), Path::max_depth);
    EXPECT_EQ(resolved("/", deepest + "/d"), "!name_not_allowed");
    EXPECT_EQ(resolved(deepest, "d"), "!name_not_allowed");
    EXPECT_EQ(resolved(deepest, "../e"), deepest.substr(0, deepest.size() - 2) + "/e");
}

TEST(Path, length_limit) {
    const std::string name(Path::max_component, 'x');
    std::string longest;
    for (int i = 0; i < 16; ++i) longest += "/" + name;
    ASSERT_EQ(longest.size(), Path::max_length);
    EXPECT_EQ(resolved("/", longest), longest);
    EXPECT_EQ(resolved("/", longest + "/"), longest);
    EXPECT_EQ(resolved("/", longest + "/y"), "!name_not_allowed");
    EXPECT_EQ(resolved(longest, "y"), "!name_not_allowed");
    EXPECT_EQ(resolved(longest, "../y"), longest.substr(0, longest.size() - name.size()) + "y");
}

TEST(Path, long_text_with_a_short_meaning_is_no_long_path) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "./a/..//";
    EXPECT_EQ(resolved("/b", text), "/b");
}

// Payloads that have led out of other servers. For each: what it must mean here, seen from /home. What is not "..", "."
// or "/" is a name and nothing but a name.
struct Payload {
    std::string_view text;
    std::string_view meaning;
};
constexpr Payload payloads[] = {
    {"../", "/"},
    {"../../../../../../../../../../etc/passwd", "/etc/passwd"},
    {"/../../etc/passwd", "/etc/passwd"},
    {"/./../etc/passwd", "/etc/passwd"},
    {"//etc/passwd", "/etc/passwd"},
    {"////..////..////etc", "/etc"},
    {"a/../../../etc", "/etc"},
    {"a/../../", "/"},
    {"./.././../etc", "/etc"},
    {"....//....//etc", "/home/..../..../etc"},
    {"..././..././etc", "/home/.../.../etc"},
    {".. /etc", "/home/.. /etc"},
    {"..\t/etc", "/home/..\t/etc"},
    {"..;/etc", "/home/..;/etc"},
    {"..%2f..%2fetc", "/home/..%2f..%2fetc"},
    {"%2e%2e/%2e%2e/etc", "/home/%2e%2e/%2e%2e/etc"},
    {"%2e%2e%2fetc", "/home/%2e%2e%2fetc"},
    {"%252e%252e/etc", "/home/%252e%252e/etc"},
    {"..%00/etc", "/home/..%00/etc"},
    {"..%c0%af..%c0%afetc", "/home/..%c0%af..%c0%afetc"},
    {"..\\..\\etc", "/home/..\\..\\etc"},
    {"..\\/..\\/etc", "/home/..\\/..\\/etc"},
    {"\\..\\..\\etc", "/home/\\..\\..\\etc"},
    {"C:", "/home/C:"},
    {"C:/", "/home/C:"},
    {"C:\\windows", "/home/C:\\windows"},
    {"/C:/../windows", "/windows"},
    {"\\\\server\\share", "/home/\\\\server\\share"},
    {"//server/share", "/server/share"},
    {"\\\\?\\C:\\x", "/home/\\\\?\\C:\\x"},
    {"NUL:", "/home/NUL:"},
    {"con", "/home/con"},
    {"file.txt.", "/home/file.txt."},
    {"file.txt ", "/home/file.txt "},
    {"file.txt::$DATA", "/home/file.txt::$DATA"},
    {"~root", "/home/~root"},
    {"~/../x", "/home/x"},
    {"-la", "/home/-la"},
    {"*", "/home/*"},
    {"$HOME/x", "/home/$HOME/x"},
    {"`id`", "/home/`id`"},
    {"\xC0\xAE\xC0\xAE/etc", "/home/\xC0\xAE\xC0\xAE/etc"},              // over-long ".."
    {"\xC0\xAF..\xC0\xAFx", "/home/\xC0\xAF..\xC0\xAFx"},                // over-long "/"
    {"\xE0\x80\xAE/x", "/home/\xE0\x80\xAE/x"},                          // over-long "." of three bytes
    {"\xEF\xBC\x8E\xEF\xBC\x8E/x", "/home/\xEF\xBC\x8E\xEF\xBC\x8E/x"},  // full-width dots
    {"\xE2\x80\xA5/x", "/home/\xE2\x80\xA5/x"},                          // two dot leader
    {"..\xEF\xBC\x8Fx", "/home/..\xEF\xBC\x8Fx"},                        // full-width slash
    {"..\xE2\x88\x95x", "/home/..\xE2\x88\x95x"},                        // division slash
    {"e\xCC\x81", "/home/e\xCC\x81"},                                    // NFD stays NFD
    {"\xC3\xA9", "/home/\xC3\xA9"},                                      // and NFC stays NFC
    {".ssh/../.ssh/authorized_keys", "/home/.ssh/authorized_keys"},
    {"/proc/self/root/etc", "/proc/self/root/etc"},
};

TEST(Path, payloads_mean_what_they_say_and_stay_below_the_root) {
    for (const Payload& payload : payloads) EXPECT_EQ(resolved("/home", payload.text), payload.meaning) << payload.text;
}

// --- against a model

// The same rules, written as plainly as can be.
Result<std::string> model(const std::string& cwd, const std::string& text) {
    for (const char c : text) {
        if (c == '\0') return fail(Code::invalid);
    }
    std::vector<std::string> parts;
    const auto walk = [&parts](const std::string& what) {
        std::string name;
        std::size_t length = 0;
        for (const char c : what + "/") {
            if (c != '/') {
                name += c;
                continue;
            }
            if (name == "..") {
                if (!parts.empty()) parts.pop_back();
            } else if (!name.empty() && name != ".") {
                parts.push_back(name);
            }
            length = 0;
            for (const std::string& part : parts) length += part.size() + 1;
            if (name.size() > 255 || parts.size() > 256 || length > 4096) return false;
            name.clear();
        }
        return true;
    };
    if (text.empty() || text[0] != '/') walk(cwd);
    if (!walk(text)) return fail(Code::name_not_allowed);
    std::string joined;
    for (const std::string& part : parts) joined += "/" + part;
    return joined.empty() ? "/" : joined;
}

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    std::string text() {
        std::string out;
        const int pieces = number(0, number(0, 150) == 0 ? 300 : 8);
        for (int i = 0; i < pieces; ++i) {
            out += piece();
            if (number(0, 9) != 0) out += '/';
        }
        if (number(0, 60) == 0) out.insert(static_cast<std::size_t>(number(0, static_cast<int>(out.size()))), 1, '\0');
        return out;
    }

private:
    std::string piece() {
        static constexpr std::string_view some[] = {"..",  ".",   "",  "/",  "a",    "bc",
                                                    "...", "..x", " ", "\\", "\xFF", "%2e"};
        switch (number(0, 200)) {
            case 0: return std::string(static_cast<std::size_t>(number(250, 260)), 'l');
            case 1: return std::string(static_cast<std::size_t>(number(0, 600)), 'L');
            case 2: return std::string(1, static_cast<char>(number(0, 255)));
            default: return std::string(some[static_cast<std::size_t>(number(0, std::size(some) - 1))]);
        }
    }
    int number(int from, int to) { return std::uniform_int_distribution(from, to)(random_); }

    std::mt19937 random_;
};

void expect_invariants(const Path& path) {
    const std::string_view text = path.text();
    ASSERT_TRUE(text.starts_with('/'));
    ASSERT_TRUE(text == "/" || !text.ends_with('/'));
    ASSERT_LE(text.size(), Path::max_length);
    ASSERT_LE(path.depth(), Path::max_depth);
    ASSERT_EQ(text.find('\0'), std::string_view::npos);
    std::string joined;
    for (const std::string_view name : path.components()) {
        ASSERT_FALSE(name.empty());
        ASSERT_NE(name, ".");
        ASSERT_NE(name, "..");
        ASSERT_LE(name.size(), Path::max_component);
        joined.append("/").append(name);
    }
    ASSERT_EQ(text, joined.empty() ? "/" : joined);
}

class PathProperty : public testing::TestWithParam<unsigned> {};

TEST_P(PathProperty, resolve_does_as_the_model) {
    Generator generator(GetParam());
    Path cwd;
    int refused = 0;
    for (int i = 0; i < 100'000; ++i) {
        const std::string text = generator.text();
        const auto expected = model(cwd.string(), text);
        const auto got = Path::resolve(cwd, text);
        ASSERT_EQ(got.has_value(), expected.has_value()) << i;
        if (!got) {
            ASSERT_EQ(got.error().code, expected.error().code);
            ++refused;
            continue;
        }
        ASSERT_EQ(got->string(), *expected);
        expect_invariants(*got);
        ASSERT_EQ(Path::resolve(got->text()).value(), *got);
        ASSERT_EQ(Path::resolve(*got, "").value(), *got);
        if (got->depth() < 20) cwd = *got;
    }
    EXPECT_GT(refused, 100);
    EXPECT_LT(refused, 50'000);
}

TEST_P(PathProperty, the_parts_fit_together) {
    Generator generator(GetParam() + 1000);
    for (int i = 0; i < 5'000; ++i) {
        const auto a = Path::resolve(generator.text());
        const auto b = Path::resolve(generator.text());
        if (!a || !b) continue;
        const Path under = b->under(*a);
        ASSERT_TRUE(under.is_inside(*a));
        ASSERT_EQ(under.below(*a), *b);
        ASSERT_EQ(under.depth(), a->depth() + b->depth());
        if (!a->is_root()) ASSERT_EQ(a->parent().child(a->name()), *a);
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, PathProperty, testing::Values(1U, 2U, 3U));

// --- the rest of a Path

TEST(Path, relative_is_for_system_calls) {
    EXPECT_STREQ(Path().relative(), ".");
    EXPECT_STREQ(path("/a/b").relative(), "a/b");
    EXPECT_STREQ(path("/a/b").c_str(), "/a/b");
}

TEST(Path, name_and_parent) {
    EXPECT_EQ(Path().name(), "");
    EXPECT_EQ(path("/a").name(), "a");
    EXPECT_EQ(path("/a/b.c").name(), "b.c");
    EXPECT_EQ(Path().parent(), Path());
    EXPECT_EQ(path("/a").parent(), Path());
    EXPECT_EQ(path("/a/b/c").parent(), path("/a/b"));
}

TEST(Path, extension) {
    EXPECT_EQ(path("/a.d/b.txt").extension(), ".txt");
    EXPECT_EQ(path("/b.tar.gz").extension(), ".gz");
    EXPECT_EQ(path("/a.d/b").extension(), "");
    EXPECT_EQ(path("/.bashrc").extension(), "");
    EXPECT_EQ(path("/.bashrc.old").extension(), ".old");
    EXPECT_EQ(path("/b.").extension(), "");
    EXPECT_EQ(Path().extension(), "");
}

TEST(Path, components_and_depth) {
    EXPECT_TRUE(Path().components().empty());
    EXPECT_EQ(Path().depth(), 0U);
    EXPECT_EQ(path("/a/bc/d").components(), (std::vector<std::string_view>{"a", "bc", "d"}));
    EXPECT_EQ(path("/a/bc/d").depth(), 3U);
}

TEST(Path, child) {
    EXPECT_EQ(Path().child("a"), path("/a"));
    EXPECT_EQ(path("/a").child("b c"), path("/a/b c"));
    EXPECT_EQ(path("/a").child("..."), path("/a/..."));
}

TEST(Path, child_refuses_what_is_no_name) {
    for (const std::string_view name : {""sv, "."sv, ".."sv, "a/b"sv, "/"sv, "../x"sv, "a\0"sv}) {
        EXPECT_THROW(Path().child(name), std::invalid_argument) << name;
    }
}

TEST(Path, is_inside_counts_whole_components) {
    EXPECT_TRUE(path("/a").is_inside(path("/a")));
    EXPECT_TRUE(path("/a/b").is_inside(path("/a")));
    EXPECT_FALSE(path("/ab").is_inside(path("/a")));
    EXPECT_FALSE(path("/a").is_inside(path("/a/b")));
    EXPECT_TRUE(path("/a").is_inside(Path()));
    EXPECT_TRUE(Path().is_inside(Path()));
    EXPECT_FALSE(Path().is_inside(path("/a")));
}

TEST(Path, below_and_under_are_inverse) {
    EXPECT_EQ(path("/a/b/c").below(path("/a")), path("/b/c"));
    EXPECT_EQ(path("/a").below(path("/a")), Path());
    EXPECT_EQ(path("/a").below(Path()), path("/a"));
    EXPECT_EQ(path("/b/c").under(path("/a")), path("/a/b/c"));
    EXPECT_EQ(Path().under(path("/a")), path("/a"));
    EXPECT_EQ(path("/a").under(Path()), path("/a"));
    EXPECT_THROW(path("/ab").below(path("/a")), std::invalid_argument);
}

TEST(Path, is_a_key) {
    EXPECT_EQ((std::unordered_set<Path>{path("/a"), path("/a/"), path("/b")}.size()), 2U);
    EXPECT_EQ((std::set<Path>{path("/a"), path("/b/.."), Path()}.size()), 2U);
    EXPECT_LT(path("/a"), path("/b"));
}

}  // namespace
}  // namespace wherry
