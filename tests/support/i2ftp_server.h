#pragma once
// What tests of the I2FTP server share: its replies as text, and a fixture with a server.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "i2ftp/words.h"
#include "testing/i2ftp_harness.h"

namespace wherry::i2ftp {

inline std::string done(std::string_view payload) { return "\1," + std::string(payload); }
inline std::string refused(std::string_view text) { return std::string("\0,", 2) + std::string(text); }

class I2ftpServer : public ::testing::Test {
protected:
    // The id that PULF or GETF gives.
    std::string open(testing::I2ftpClient& client, const std::string& request) {
        const std::string reply = client.ask(request);
        EXPECT_EQ(reply.size(), 2 + id_size) << request << ": " << reply;
        return reply.substr(std::min<std::size_t>(2, reply.size()));
    }
    testing::I2ftpHarness harness;
};

}  // namespace wherry::i2ftp
