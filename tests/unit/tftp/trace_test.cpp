#include "tftp/trace.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace wherry::tftp {
namespace {

using namespace std::string_literals;

std::string described(const std::string& packet) { return describe_packet(bytes_of(packet)); }

TEST(Trace, EachKindOfPacket) {
    const std::array<OptionPair, 2> options{{{"blksize", "1468"}, {"tsize", "0"}}};
    EXPECT_EQ(described(request_packet(Op::rrq, "a b", Mode::octet, options)),
              "RRQ \"a b\" octet blksize=1468 tsize=0");
    EXPECT_EQ(described(request_packet(Op::wrq, "up", Mode::netascii, {})), "WRQ \"up\" netascii");
    EXPECT_EQ(described("\0\6blksize\0001024\0"s), "OACK blksize=1024");
    EXPECT_EQ(described("\0\3\1\2xyz"s), "DATA 258 3 B");
    EXPECT_EQ(described(ack_packet(65535)), "ACK 65535");
    EXPECT_EQ(described(error_packet(ErrorCode::not_found, "File not found")), "ERROR 1 \"File not found\"");
    EXPECT_EQ(described("\0\11abc"s), "opcode 9 5 B");
}

TEST(Trace, WhatIsCutOffOrMakesNoSense) {
    EXPECT_EQ(described(""), "0 B");
    EXPECT_EQ(described("\0"s), "1 B");
    EXPECT_EQ(described("\0\4\1"s), "opcode 4 3 B");
    EXPECT_EQ(described("\0\1one"s), "RRQ 5 B, malformed");
    EXPECT_EQ(described("\0\6blksize"s), "OACK 9 B, malformed");
    EXPECT_EQ(described("\0\1one\0octet\0blksize\0"s), "RRQ \"one\" octet, and more that is malformed");
    EXPECT_EQ(described("\0\1"s + std::string(2000, 'x')), "a request of 2002 B");
}

TEST(Trace, WordsOfStrangersAreEscaped) {
    EXPECT_EQ(described("\0\1a\x1b[2J\0octet\0x\ny\0z\0"s), "RRQ \"a\\x1B[2J\" octet x\\x0Ay=z");
    EXPECT_LT(described("\0\1"s + std::string(1000, 'n') + "\0octet\0"s).size(), 300U);
}

}  // namespace
}  // namespace wherry::tftp
