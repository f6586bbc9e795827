#include "net/segmentation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "observe/log.h"
#include "observe/metrics.h"

namespace wherry::net {
namespace {

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
    EXPECT_TRUE(segmentation.refused(EIO));
    EXPECT_EQ(segmentation.most(), 1U);
    EXPECT_TRUE(segmentation.refused(EIO));
    EXPECT_LE(lines.size(), 1U);
    EXPECT_EQ(metrics.value(Metric::datagram_gso_fallback_total, GsoFallback::device), 2);
}

TEST_F(SegmentationTest, IsHalvedUntilTheKernelTakesThem) {
    const std::size_t before = segmentation.most();
    EXPECT_TRUE(segmentation.refused(EINVAL));
    EXPECT_EQ(segmentation.most(), std::max<std::size_t>(1, before / 2));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(segmentation.refused(EINVAL));
    EXPECT_EQ(segmentation.most(), 1U);
    EXPECT_EQ(metrics.value(Metric::datagram_gso_fallback_total, GsoFallback::segments), 11);
}

TEST_F(SegmentationTest, StaysWhereOneWayIsTooNarrow) {
    const std::size_t before = segmentation.most();
    EXPECT_TRUE(segmentation.refused(EMSGSIZE));
    EXPECT_EQ(segmentation.most(), before);
    EXPECT_EQ(metrics.value(Metric::datagram_gso_fallback_total, GsoFallback::length), 1);
}

TEST_F(SegmentationTest, CountsOtherErrors) {
    for (const int error : {EAGAIN, ENOBUFS, ECONNREFUSED, ENETUNREACH, EPERM, ENOMEM}) {
        EXPECT_FALSE(segmentation.refused(error)) << error;
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
    EXPECT_TRUE(alone.refused(EIO));
    EXPECT_EQ(alone.most(), 1U);
}

}  // namespace
}  // namespace wherry::net
