#include "ftp/listing.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace wherry::ftp {
namespace {

using namespace std::string_literals;

constexpr std::int64_t now = 1'767'323'045;  // 2026-01-02 03:04:05
constexpr std::int64_t day = 86'400;

Entry entry(std::string name, Kind kind = Kind::file) {
    Entry result;
    result.name = std::move(name);
    result.stat.kind = kind;
    result.stat.mode = kind == Kind::directory ? 0755 : 0644;
    result.stat.modified = now - 60;
    result.stat.size = 1234;
    result.stat.uid = 1000;
    result.stat.gid = 100;
    result.stat.inode = 0x1F;
    result.stat.device = 0xAB;
    return result;
}

std::string listed(const Entry& of, bool classify = false) {
    ListStyle style;
    style.now = now;
    style.classify = classify;
    std::string out;
    append_list(out, of, style);
    return out;
}

std::string dated(std::int64_t modified) {
    Entry of = entry("f");
    of.stat.modified = modified;
    return listed(of).substr(42, 12);
}

// --- LIST

TEST(Listing, list_is_as_ls_has_it) {
    EXPECT_EQ(listed(entry("a b.txt")), "-rw-r--r--   1 1000     100          1234 Jan 02 03:03 a b.txt\r\n");
    EXPECT_EQ(listed(entry("dir", Kind::directory)), "drwxr-xr-x   1 1000     100          1234 Jan 02 03:03 dir\r\n");
}

TEST(Listing, list_columns_grow_and_never_touch) {
    Entry wide = entry("x");
    wide.stat.size = std::numeric_limits<std::uint64_t>::max();
    wide.stat.links = std::numeric_limits<std::uint32_t>::max();
    wide.stat.uid = wide.stat.gid = std::numeric_limits<std::uint32_t>::max();
    EXPECT_EQ(listed(wide), "-rw-r--r-- 4294967295 4294967295 4294967295 18446744073709551615 Jan 02 03:03 x\r\n");
}

TEST(Listing, list_mode) {
    const auto mode = [](std::uint32_t bits, Kind kind) {
        Entry of = entry("x", kind);
        of.stat.mode = bits;
        return listed(of).substr(0, 10);
    };
    EXPECT_EQ(mode(0, Kind::file), "----------");
    EXPECT_EQ(mode(0777, Kind::file), "-rwxrwxrwx");
    EXPECT_EQ(mode(0421, Kind::file), "-r---w---x");
    EXPECT_EQ(mode(04755, Kind::file), "-rwsr-xr-x");
    EXPECT_EQ(mode(06644, Kind::file), "-rwSr-Sr--");
    EXPECT_EQ(mode(01777, Kind::directory), "drwxrwxrwt");
    EXPECT_EQ(mode(01776, Kind::directory), "drwxrwxrwT");
    EXPECT_EQ(mode(02775, Kind::directory), "drwxrwsr-x");
    EXPECT_EQ(mode(0777, Kind::symlink), "lrwxrwxrwx");
    EXPECT_EQ(mode(0644, Kind::other), "prw-r--r--");
    EXPECT_EQ(mode(0100644, Kind::file), "-rw-r--r--");
}

TEST(Listing, list_dates_follow_the_six_month_rule) {
    EXPECT_EQ(dated(now), "Jan 02 03:04");
    EXPECT_EQ(dated(now - 180 * day), "Jul 06 03:04");
    EXPECT_EQ(dated(now - 180 * day - 1), "Jul 06  2025");
    EXPECT_EQ(dated(now - 364 * day), "Jan 03  2025");
    EXPECT_EQ(dated(now + day), "Jan 03 03:04");
    EXPECT_EQ(dated(now + day + 1), "Jan 03  2026");
    EXPECT_EQ(dated(0), "Jan 01  1970");
    EXPECT_EQ(dated(1'709'164'800), "Feb 29  2024");
}

TEST(Listing, list_dates_of_any_time) {
    EXPECT_EQ(dated(-1), "Dec 31  1969");
    EXPECT_EQ(dated(-2'300'000'000), "Feb 11  1897");
    EXPECT_EQ(dated(4'102'444'800), "Jan 01  2100");
    EXPECT_EQ(dated(std::numeric_limits<std::int64_t>::min()), "Jan 01  0000");
    EXPECT_EQ(dated(std::numeric_limits<std::int64_t>::max()), "Dec 31  9999");
}

TEST(Listing, list_in_local_time_where_it_is_asked_for) {
    ListStyle style;
    style.now = now;
    style.zone_offset = [](std::int64_t at) { return at == now ? 3600 : -7200; };
    std::string out;
    Entry of = entry("x");
    of.stat.modified = now;
    append_list(out, of, style);
    of.stat.modified = now - 4 * 3600;
    append_list(out, of, style);
    of.stat.modified = std::numeric_limits<std::int64_t>::max();
    append_list(out, of, style);
    EXPECT_NE(out.find("Jan 02 04:04 x"), std::string::npos);
    EXPECT_NE(out.find("Jan 01 21:04 x"), std::string::npos);
    EXPECT_NE(out.find("Dec 31  9999 x"), std::string::npos);
}

TEST(Listing, list_shows_where_a_symlink_leads) {
    Entry link = entry("a", Kind::symlink);
    EXPECT_TRUE(listed(link).ends_with(" a\r\n"));
    link.target = "../b\n";
    EXPECT_TRUE(listed(link).ends_with(" a -> ../b?\r\n"));
    EXPECT_TRUE(listed(link, true).ends_with(" a -> ../b?\r\n"));
    Entry file = entry("a");
    file.target = "b";
    EXPECT_TRUE(listed(file).ends_with(" a\r\n"));
}

TEST(Listing, list_classifies) {
    EXPECT_TRUE(listed(entry("a", Kind::directory), true).ends_with(" a/\r\n"));
    EXPECT_TRUE(listed(entry("a", Kind::symlink), true).ends_with(" a@\r\n"));
    EXPECT_TRUE(listed(entry("a"), true).ends_with(" a\r\n"));
    Entry program = entry("a");
    program.stat.mode = 0755;
    EXPECT_TRUE(listed(program, true).ends_with(" a*\r\n"));
}

// Security 10: names with line ends make lines of their own in the client.
TEST(Listing, names_cannot_break_a_line) {
    const std::string evil = "x\r\n-rw-r--r-- 1 a b 0 Jan 01 00:00 fake\x1B\x7F\0"s;
    const std::string shown =
        "x?"
        "?-rw-r--r-- 1 a b 0 Jan 01 00:00 fake???\r\n";
    EXPECT_TRUE(listed(entry(evil)).ends_with(" " + shown));
    std::string names;
    append_name(names, "d\n/", entry(evil));
    EXPECT_EQ(names, "d?/" + shown);
    MlsxStyle style;
    std::string facts;
    append_mlsd(facts, entry(evil), style);
    EXPECT_TRUE(facts.ends_with("; " + shown));
}

TEST(Listing, names_that_are_no_utf8_are_shown_as_they_are) {
    EXPECT_TRUE(listed(entry("\xFF\xC3\xA9")).ends_with(" \xFF\xC3\xA9\r\n"));
}

// --- owners

TEST(Listing, owners_by_name) {
    ListStyle style;
    style.now = now;
    style.owners = OwnerNames([](std::uint32_t id) { return id == 1000 ? "alice"s : ""s; });
    style.groups = OwnerNames([](std::uint32_t) { return "Domain Users\n"s; });
    std::string out;
    append_list(out, entry("x"), style);
    EXPECT_EQ(out, "-rw-r--r--   1 alice    Domain_Users_     1234 Jan 02 03:03 x\r\n");
}

// ProFTPD 1367: parsers count columns.
TEST(Listing, owner_names_are_one_word_of_bounded_length) {
    OwnerNames names([](std::uint32_t id) {
        if (id == 1) return "a b\tc\r\n\x7F"s;
        if (id == 2) return std::string(100, 'x');
        if (id == 3) return std::string(31, 'x') + "\xC3\xA9";
        if (id == 4) return std::string(100, '\x80');
        return ""s;
    });
    EXPECT_EQ(names.get(1), "a_b_c___");
    EXPECT_EQ(names.get(2), std::string(OwnerNames::max_name, 'x'));
    EXPECT_EQ(names.get(3), std::string(31, 'x'));
    EXPECT_EQ(names.get(4).size(), 1U);
    EXPECT_EQ(names.get(5), "5");
}

TEST(Listing, owner_names_are_asked_once) {
    int asked = 0;
    OwnerNames names([&asked](std::uint32_t id) {
        ++asked;
        return "u" + std::to_string(id);
    });
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(names.get(1), "u1");
        EXPECT_EQ(names.get(2), "u2");
        EXPECT_EQ(names.get(2), "u2");
    }
    EXPECT_EQ(asked, 2);
}

TEST(Listing, owner_names_are_kept_for_so_many_only) {
    int asked = 0;
    OwnerNames names([&asked](std::uint32_t id) {
        ++asked;
        return "user" + std::to_string(id);
    });
    const int many = static_cast<int>(OwnerNames::max_cached) * 3;
    for (int i = 0; i < many; ++i) EXPECT_EQ(names.get(static_cast<std::uint32_t>(i)), "user" + std::to_string(i));
    EXPECT_EQ(asked, many);
    EXPECT_EQ(names.get(0), "user0");
    EXPECT_EQ(asked, many + 1);
}

// --- NLST

TEST(Listing, names) {
    std::string out;
    append_name(out, "", entry("a b"));
    append_name(out, "sub/", entry("c"));
    append_name(out, "", entry("d", Kind::directory), true);
    append_name(out, "", entry("d", Kind::directory));
    EXPECT_EQ(out, "a b\r\nsub/c\r\nd/\r\nd\r\n");
}

// --- MLSD, MLST

std::string mlsd(const Entry& of, Facts facts, Perm permissions = perm::all, Role role = Role::entry) {
    MlsxStyle style{facts, permissions, {}};
    std::string out;
    append_mlsd(out, of, style, role);
    return out;
}

TEST(Listing, mlsd_facts_are_sorted_and_lower_case) {
    EXPECT_EQ(mlsd(entry("a b"), Facts::all()),
              "modify=20260102030305;perm=adfrw;size=1234;type=file;unique=abg1f;unix.gid=100;unix.mode=0644;"
              "unix.uid=1000; a b\r\n");
    EXPECT_EQ(mlsd(entry("d", Kind::directory), Facts::standard()),
              "modify=20260102030305;perm=cdeflmp;size=1234;type=dir;unique=abg1f; d\r\n");
}

TEST(Listing, mlsd_shows_the_facts_asked_for) {
    EXPECT_EQ(mlsd(entry("a"), Facts()), " a\r\n");
    EXPECT_EQ(mlsd(entry("a"), Facts::parse("size;")), "size=1234; a\r\n");
    EXPECT_EQ(mlsd(entry("a"), Facts::parse("unix.mode;type;")), "type=file;unix.mode=0644; a\r\n");
}

TEST(Listing, mlsd_leaves_out_what_is_not_known) {
    Entry of = entry("a");
    of.stat.inode = 0;
    EXPECT_EQ(mlsd(of, Facts::parse("type;unique;")), "type=file; a\r\n");
}

TEST(Listing, mlsd_types) {
    const Facts type = Facts::parse("type");
    EXPECT_EQ(mlsd(entry("."), type, perm::all, Role::current_directory), "type=cdir; .\r\n");
    EXPECT_EQ(mlsd(entry(".."), type, perm::all, Role::parent_directory), "type=pdir; ..\r\n");
    EXPECT_EQ(mlsd(entry("x", Kind::other), type), "type=OS.unix=other; x\r\n");
    Entry link = entry("l", Kind::symlink);
    EXPECT_EQ(mlsd(link, type), "type=OS.unix=slink; l\r\n");
    link.target = "/a/b";
    EXPECT_EQ(mlsd(link, type), "type=OS.unix=slink:/a/b; l\r\n");
}

// A target may hold anything; facts may not.
TEST(Listing, mlsd_targets_cannot_forge_facts) {
    for (const std::string target : {"a;type=dir", "a b", "a\r\n", "\xC3\xA9", ";"}) {
        Entry link = entry("l", Kind::symlink);
        link.target = target;
        EXPECT_EQ(mlsd(link, Facts::parse("type")), "type=OS.unix=slink; l\r\n") << target;
    }
}

TEST(Listing, mlsd_mode_is_octal_and_without_the_type) {
    Entry of = entry("a");
    of.stat.mode = 0106755;
    EXPECT_EQ(mlsd(of, Facts::parse("unix.mode")), "unix.mode=6755; a\r\n");
}

TEST(Listing, perm_fact_of_a_file) {
    const auto fact = [](std::string_view letters, Kind kind) {
        std::string out;
        append_perm_fact(out, kind, Perm(letters));
        return out;
    };
    EXPECT_EQ(fact("elradfmwMT", Kind::file), "adfrw");
    EXPECT_EQ(fact("elr", Kind::file), "r");
    EXPECT_EQ(fact("", Kind::file), "");
    EXPECT_EQ(fact("ew", Kind::file), "w");
    EXPECT_EQ(fact("elradfmwMT", Kind::symlink), "adfrw");
    EXPECT_EQ(fact("elradfmwMT", Kind::directory), "cdeflmp");
    EXPECT_EQ(fact("elr", Kind::directory), "el");
    EXPECT_EQ(fact("w", Kind::directory), "c");
    EXPECT_EQ(fact("a", Kind::directory), "c");
    EXPECT_EQ(fact("d", Kind::directory), "dp");
    EXPECT_EQ(fact("m", Kind::directory), "m");
    EXPECT_EQ(fact("f", Kind::directory), "f");
}

TEST(Listing, mlst_is_one_line_without_its_end) {
    MlsxStyle style{Facts::parse("type;size;"), perm::all, {}};
    std::string out;
    append_mlst(out, "/a/b c", entry("ignored").stat, style);
    EXPECT_EQ(out, "size=1234;type=file; /a/b c");
}

// Entries in any order, through styles that remember the last one, and through styles that are new each time.
TEST(Listing, what_a_style_remembers_changes_nothing) {
    std::mt19937_64 random(14);
    ListStyle list;
    list.now = now;
    MlsxStyle mlsx{Facts::all(), perm::all, {}};
    for (int i = 0; i < 5'000; ++i) {
        Entry of = entry("n" + std::to_string(i), static_cast<Kind>(random() % 4));
        of.stat.uid = static_cast<std::uint32_t>(random() % 3);
        of.stat.gid = static_cast<std::uint32_t>(random() % 2000);
        of.stat.modified = now - 3 * day + static_cast<std::int64_t>(random() % 5) * day / 2;
        of.stat.mode = static_cast<std::uint32_t>(random() % 010000);
        std::string with;
        append_list(with, of, list);
        ASSERT_EQ(with, listed(of));
        std::string facts;
        append_mlsd(facts, of, mlsx);
        ASSERT_EQ(facts, mlsd(of, Facts::all()));
    }
}

}  // namespace
}  // namespace wherry::ftp
