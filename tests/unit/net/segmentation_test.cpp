#include "net/segmentation.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "observe/log.h"
#include "observe/metrics.h"

namespace wherry::net {
namespace {

using Refusal = Segmentation::Refusal;

class SegmentationTest : public ::testing::Test {
protected:
    std::vector<std::string> lines;
    Log log{LogLevel::info, [this](LogLevel, std::string_view line) { lines.emplace_back(line); }};
    Metrics metrics;
    Segmentation segmentation{&metrics, &log};
};

TEST_F(SegmentationTest, IsToldOnce) {
    segmentation.tell();
    segmentation.tell();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("udp: the kernel cuts ")) << lines[0];
}

TEST_F(SegmentationTest, EndsWhereTheDeviceCannotCut) {
    EXPECT_EQ(segmentation.refused(EIO, 2), Refusal::anywhere);
    EXPECT_EQ(segmentation.most(), 1U);
    EXPECT_EQ(segmentation.refused(EIO, 2), Refusal::anywhere);
    EXPECT_LE(lines.size(), 1U);
    EXPECT_EQ(metrics.value(Metric::datagram_gso_fallback_total, GsoFallback::device), 2);
}

// Kernels before 6.14 say the same of a way that is too narrow.
TEST_F(SegmentationTest, IsWhatOldKernelsTakeWhereMoreAreTooMany) {
    EXPECT_EQ(segmentation.refused(EINVAL, 65), Refusal::anywhere);
    EXPECT_EQ(segmentation.most(), 64U);
    EXPECT_EQ(segmentation.refused(EIO, 2), Refusal::anywhere);
    EXPECT_EQ(segmentation.refused(EINVAL, 65), Refusal::anywhere) << "it had left before";
    EXPECT_EQ(segmentation.most(), 1U);
    EXPECT_EQ(metrics.value(Metric::datagram_gso_fallback_total, GsoFallback::segments), 2);
}

TEST_F(SegmentationTest, StaysWhereOneWayIsTooNarrow) {
    const std::size_t before = segmentation.most();
    EXPECT_EQ(segmentation.refused(EMSGSIZE, 128), Refusal::way);
    EXPECT_EQ(segmentation.refused(EINVAL, 64), Refusal::way);
    EXPECT_EQ(segmentation.most(), before);
    EXPECT_EQ(metrics.value(Metric::datagram_gso_fallback_total, GsoFallback::length), 2);
}

TEST_F(SegmentationTest, CountsOtherErrors) {
    for (const int error : {EAGAIN, ENOBUFS, ECONNREFUSED, ENETUNREACH, EPERM, ENOMEM}) {
        EXPECT_EQ(segmentation.refused(error, 2), Refusal::none) << error;
        segmentation.failed(error);
    }
    segmentation.used(3);
    EXPECT_EQ(metrics.value(Metric::datagram_send_errors_total, SendError::full), 2);
    EXPECT_EQ(metrics.value(Metric::datagram_send_errors_total, SendError::refused), 1);
    EXPECT_EQ(metrics.value(Metric::datagram_send_errors_total, SendError::unreachable), 1);
    EXPECT_EQ(metrics.value(Metric::datagram_send_errors_total, SendError::denied), 1);
    EXPECT_EQ(metrics.value(Metric::datagram_send_errors_total, SendError::other), 1);
    EXPECT_EQ(metrics.value(Metric::datagram_gso_calls_total), 3);
    EXPECT_TRUE(lines.empty());
}

TEST(SegmentationAlone, NeedsNobodyToTell) {
    Segmentation alone(nullptr, nullptr);
    alone.tell();
    alone.used(1);
    alone.failed(EPERM);
    EXPECT_EQ(alone.refused(EIO, 2), Refusal::anywhere);
    EXPECT_EQ(alone.most(), 1U);
}

}  // namespace
}  // namespace wherry::net
