#include "i2ftp/frame.h"

#include <gtest/gtest.h>

#include "i2ftp/iccode.h"
#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

TEST(Frame, TheRecordedMessages) {
    const Json all = vectors("frames");
    for (const Json& row : all["frames"]) {
        Bytes body = made(row["body"], row["length"].get<std::size_t>());
        if (!row["session_key"].is_null()) Iccode(unhex(row["session_key"]), 3).encode(body);
        Bytes out;
        append_frames(out, body, unhex(row["key"]), row["id"].get<Byte>());
        EXPECT_EQ(hex(sha256(out)), row["stream_sha256"].get<std::string>()) << row["length"];
        std::size_t at = 0;
        for (const Json& header : row["headers"]) {
            EXPECT_EQ(hex(View(out).subspan(at, header_size)), header.get<std::string>());
            at += header_size + read_header(View(out).subspan(at)).size;
        }
        EXPECT_EQ(at, out.size());
    }
    EXPECT_EQ(all["frames"].size(), 13U);
}

TEST(Frame, AnEmptyMessageMakesNone) {
    Bytes out;
    append_frames(out, {}, view("key"), 1);
    EXPECT_TRUE(out.empty());
}

TEST(Frame, TheLargestMessageFitsAndOneByteMoreDoesNot) {
    Bytes out;
    append_frames(out, Bytes(largest_message), view("key"), 1);
    EXPECT_EQ(read_header(out).left, largest_message);
    EXPECT_THROW(append_frames(out, Bytes(largest_message + 1), view("key"), 1), std::length_error);
}

}  // namespace
}  // namespace wherry::i2ftp
