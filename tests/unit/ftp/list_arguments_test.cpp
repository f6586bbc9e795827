#include "ftp/list_arguments.h"

#include <gtest/gtest.h>

#include <string>

namespace wherry::ftp {
namespace {

// The options in the order of the struct, and the path.
std::string parsed(std::string_view argument) {
    const ListArguments a = parse_list_arguments(argument);
    EXPECT_EQ(a.whole, argument);
    std::string out;
    const auto put_if = [&out](bool set, char letter) {
        if (set) out += letter;
    };
    put_if(a.all, 'a');
    put_if(a.almost_all, 'A');
    put_if(a.long_form, 'l');
    put_if(a.one_column, '1');
    put_if(a.classify, 'F');
    put_if(a.by_time, 't');
    put_if(a.by_size, 'S');
    put_if(a.reverse, 'r');
    put_if(a.recursive, 'R');
    put_if(a.numeric, 'n');
    put_if(a.directory_itself, 'd');
    return (a.options ? "-" : "") + out + "|" + std::string(a.path);
}

TEST(ListArguments, a_path) {
    EXPECT_EQ(parsed(""), "|");
    EXPECT_EQ(parsed("/a b"), "|/a b");
    EXPECT_EQ(parsed("a -l"), "|a -l");
    EXPECT_EQ(parsed(" -l"), "| -l");
    EXPECT_EQ(parsed(" a "), "| a ");
}

TEST(ListArguments, options) {
    EXPECT_EQ(parsed("-a"), "-a|");
    EXPECT_EQ(parsed("-l"), "-l|");
    EXPECT_EQ(parsed("-al"), "-al|");
    EXPECT_EQ(parsed("-la"), "-al|");
    EXPECT_EQ(parsed("-A -1 -F -t -S -r -R -n -d"), "-A1FtSrRn|-d");
    EXPECT_EQ(parsed("-A1FtSrRnd"), "-A1FtSrRnd|");
    EXPECT_EQ(parsed("-LhC"), "-|");
}

TEST(ListArguments, options_and_a_path) {
    EXPECT_EQ(parsed("-la /a b"), "-al|/a b");
    EXPECT_EQ(parsed("-l -a a"), "-al|a");
    EXPECT_EQ(parsed("-l  a"), "-l| a");
    EXPECT_EQ(parsed("-l a "), "-l|a ");
    EXPECT_EQ(parsed("-l "), "-l|");
    EXPECT_EQ(parsed("-l a -t"), "-l|a -t");
}

TEST(ListArguments, what_only_looks_like_an_option_is_a_path) {
    EXPECT_EQ(parsed("-"), "|-");
    EXPECT_EQ(parsed("-file.txt"), "|-file.txt");
    EXPECT_EQ(parsed("-l -?"), "-l|-?");
    EXPECT_EQ(parsed("-z"), "|-z");
    EXPECT_EQ(parsed("--all"), "|--all");
    EXPECT_EQ(parsed("-l\t-a"), "|-l\t-a");
    EXPECT_EQ(parsed("-\xE4"), "|-\xE4");
    EXPECT_EQ(parsed(std::string_view("-\0", 2)), "|" + std::string("-\0", 2));
}

TEST(ListArguments, two_dashes_end_the_options) {
    EXPECT_EQ(parsed("-- -l"), "-|-l");
    EXPECT_EQ(parsed("-a -- -l"), "-a|-l");
    EXPECT_EQ(parsed("--"), "-|");
    EXPECT_EQ(parsed("-- --"), "-|--");
}

// ProFTPD 2265: options of LIST and STAT were a way in.
TEST(ListArguments, are_bounded) {
    std::string groups;
    for (std::size_t i = 0; i < ListArguments::max_groups; ++i) groups += "-l ";
    EXPECT_EQ(parsed(groups + "x"), "-l|x");
    EXPECT_EQ(parsed(groups + "-a"), "-l|-a");
    const std::string letters(ListArguments::max_letters, 'l');
    EXPECT_EQ(parsed("-" + letters), "-l|");
    EXPECT_EQ(parsed("-" + letters + "l"), "|-" + letters + "l");
    EXPECT_EQ(parse_list_arguments(std::string(1'000'000, '-')).path.size(), 1'000'000U);
}

}  // namespace
}  // namespace wherry::ftp
