#include "ftp/facts.h"

#include <gtest/gtest.h>

namespace wherry::ftp {
namespace {

TEST(Facts, standard_ones) {
    EXPECT_EQ(Facts::standard().text(), "type;perm;size;modify;unique;");
    EXPECT_FALSE(Facts::standard().has(Fact::unix_mode));
    EXPECT_EQ(Facts::standard().feature_text(), "type*;perm*;size*;modify*;unique*;unix.mode;unix.uid;unix.gid;");
    EXPECT_EQ(Facts::all().text(), "type;perm;size;modify;unique;unix.mode;unix.uid;unix.gid;");
    EXPECT_EQ(Facts().feature_text(), "type;perm;size;modify;unique;unix.mode;unix.uid;unix.gid;");
}

TEST(Facts, parse) {
    EXPECT_EQ(Facts::parse("type;size;").text(), "type;size;");
    EXPECT_EQ(Facts::parse("SIZE;Type;").text(), "type;size;");
    EXPECT_EQ(Facts::parse("size").text(), "size;");
    EXPECT_EQ(Facts::parse("UNIX.mode;unix.GID;").text(), "unix.mode;unix.gid;");
    EXPECT_EQ(Facts::parse("size;size;size;").text(), "size;");
}

// RFC 3659 section 7.9.
TEST(Facts, unknown_names_are_left_out_and_nothing_is_the_empty_set) {
    EXPECT_TRUE(Facts::parse("").empty());
    EXPECT_TRUE(Facts::parse(";;;").empty());
    EXPECT_TRUE(Facts::parse("media-type;lang;").empty());
    EXPECT_TRUE(Facts::parse(" size;sizes;siz;size ;").empty());
    EXPECT_EQ(Facts::parse("create;size;x-foo;").text(), "size;");
    EXPECT_EQ(Facts().text(), "");
}

TEST(Facts, text_parses_to_the_same) {
    for (unsigned bits = 0; bits < 256; ++bits) {
        Facts facts;
        for (unsigned i = 0; i < 8; ++i) {
            if ((bits >> i & 1U) != 0) facts = facts.with(static_cast<Fact>(i));
        }
        EXPECT_EQ(Facts::parse(facts.text()), facts);
    }
}

}  // namespace
}  // namespace wherry::ftp
