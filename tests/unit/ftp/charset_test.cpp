#include "ftp/charset.h"

#include <gtest/gtest.h>

namespace wherry::ftp {
namespace {

TEST(Charset, converts_both_ways) {
    const auto gbk = Charset::open("GBK").value();
    EXPECT_EQ(gbk.to_utf8("\xD6\xD0\xCE\xC4.txt"), "\u4E2D\u6587.txt");
    EXPECT_EQ(gbk.from_utf8("\u4E2D\u6587.txt"), "\xD6\xD0\xCE\xC4.txt");
    const auto latin = Charset::open("ISO-8859-1").value();
    EXPECT_EQ(latin.to_utf8("caf\xE9"), "caf\u00E9");
    EXPECT_EQ(latin.from_utf8("caf\u00E9"), "caf\xE9");
}

TEST(Charset, long_texts_pass_in_pieces) {
    const auto gbk = Charset::open("GBK").value();
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "\u4E2D";
    EXPECT_EQ(gbk.to_utf8(gbk.from_utf8(many)), many);
}

// A name is bytes first: what means nothing must still come out as something.
TEST(Charset, bytes_without_meaning_stay) {
    const auto gbk = Charset::open("GBK").value();
    EXPECT_EQ(gbk.to_utf8("a\xFFz"), "a\xFFz");
    EXPECT_EQ(gbk.to_utf8("a\xD6"), "a\xD6") << "the first half of a character at the end";
    EXPECT_EQ(gbk.from_utf8("a\xFFz"), "a\xFFz");
    const auto latin = Charset::open("ISO-8859-1").value();
    EXPECT_EQ(latin.from_utf8("a\u4E2Dz"), "a?z");
}

// In these a byte that looks like a slash or a line end may be half of a character, or none of it.
TEST(Charset, those_that_hide_ascii_are_refused) {
    for (const char* name :
         {"UTF-16", "UTF-16LE", "UTF-32", "UCS-2", "UTF-7", "ISO-2022-JP", "ISO-2022-KR", "EBCDIC-US"}) {
        const auto charset = Charset::open(name);
        ASSERT_FALSE(charset) << name;
        EXPECT_EQ(charset.error().code, Code::unsupported) << name;
    }
    EXPECT_FALSE(Charset::open("no such charset"));
    EXPECT_FALSE(Charset::open("x/../y"));
}

TEST(Charset, the_usual_ones_are_taken) {
    for (const char* name :
         {"GBK", "GB18030", "BIG5", "EUC-KR", "EUC-JP", "CP932", "CP1251", "KOI8-R", "ISO-8859-15", "UTF-8"}) {
        EXPECT_TRUE(Charset::open(name)) << name;
    }
}

}  // namespace
}  // namespace wherry::ftp
