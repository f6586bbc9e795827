// More blocks than the wire has numbers, where the operator has said what comes after 65535.
#include <gtest/gtest.h>

#include "testing/tftp_harness.h"
#include "tftp/blocks.h"

namespace wherry {
namespace {

using testing::TftpHarness;

class TftpRollover : public ::testing::TestWithParam<int> {
protected:
    static constexpr std::uint16_t block_size = 8;
    static constexpr std::uint16_t window = 64;
    TftpRollover() {
        server.settings.options.rollover = rollover;
        server.settings.write.mode = tftp::WriteMode::create;
        for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761U >> 20U);
    }
    std::uint64_t blocks() const { return tftp::blocks_of_size(content.size(), block_size); }
    unsigned number(std::uint64_t block) const { return tftp::wire_number(block, rollover); }
    const std::uint16_t rollover = static_cast<std::uint16_t>(GetParam());
    const TftpHarness::Options options{{"blksize", "8"}, {"windowsize", "64"}};
    const std::string granted = "OACK{blksize=8,windowsize=64}";
    std::string content = std::string(std::size_t{66'000} * block_size + 3, '\0');
    TftpHarness server;
};

TEST_P(TftpRollover, T070_T071_downloads) {
    server.base.put("/roll", content);
    ASSERT_EQ(server.rrq("roll", options), granted);
    std::string got;
    std::size_t seen = server.sent.size();
    server.ack(0);
    for (std::uint64_t block = 1; block <= blocks(); ++block) {
        ASSERT_LT(seen, server.sent.size()) << block;
        const tftp::Bytes packet = tftp::bytes_of(server.sent[seen].bytes);
        ASSERT_EQ(tftp::number_of(packet), number(block));
        got += server.sent[seen++].bytes.substr(tftp::data_header);
        if (block % window == 0 || block == blocks()) server.ack(number(block));
    }
    EXPECT_EQ(got, content);
    EXPECT_EQ(server.metric(Metric::tftp_data_repeated_total), 0);
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
}

TEST_P(TftpRollover, T070_T071_uploads) {
    ASSERT_EQ(server.wrq("roll", options), granted);
    for (std::uint64_t block = 1; block <= blocks(); ++block) {
        const std::string said = server.data(number(block), content.substr((block - 1) * block_size, block_size));
        const bool due = block % window == 0 || block == blocks();
        ASSERT_EQ(said, due ? "ACK(" + std::to_string(number(block)) + ")" : "") << block;
    }
    EXPECT_EQ(server.base.content("/roll"), content);
}

INSTANTIATE_TEST_SUITE_P(To, TftpRollover, ::testing::Values(0, 1));

}  // namespace
}  // namespace wherry
