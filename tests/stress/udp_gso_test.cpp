// What becomes of datagrams that the kernel is to cut out of one (UDP_SEGMENT) when it refuses to. The calls of this
// program that send messages go through the functions below, which refuse as they are told.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include "core/clock.h"
#include "net/udp.h"
#include "observe/metrics.h"
#include "tftp/blocks.h"
#include "tftp/outbox.h"

namespace {

std::atomic<int> refusal{0};  // errno of every message that is to be cut; 0: they are passed on
std::atomic<int> refused{0};  // such messages

bool is_refused(const msghdr& message) {
    auto* const header = const_cast<msghdr*>(&message);
    if (refusal == 0) return false;
    for (cmsghdr* part = CMSG_FIRSTHDR(header); part != nullptr; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level == SOL_UDP && part->cmsg_type == UDP_SEGMENT) return true;
    }
    return false;
}

int refuse() {
    ++refused;
    errno = refusal;
    return -1;
}

}  // namespace

extern "C" ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
    if (is_refused(*message)) return refuse();
    return syscall(SYS_sendmsg, descriptor, message, flags);
}

// As the kernel's: what stands before the one that fails has gone, and only a first one tells why.
extern "C" int sendmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags) {
    const auto good = std::find_if(messages, messages + count, [](const auto& one) { return is_refused(one.msg_hdr); });
    const auto before = static_cast<unsigned>(good - messages);
    if (count > 0 && before == 0) return refuse();
    return static_cast<int>(syscall(SYS_sendmmsg, descriptor, messages, before, flags));
}

namespace wherry::net {
namespace {

using namespace std::string_literals;

class UdpGsoRefused : public ::testing::TestWithParam<int> {
protected:
    UdpGsoRefused() {
        refusal = GetParam();
        refused = 0;
    }
    ~UdpGsoRefused() override { refusal = 0; }
    void SetUp() override {
        ASSERT_TRUE(sink_ && source_);
        ASSERT_GE(source_->most_segments(sink_->local()), 2U) << "kernels cut datagrams since 4.18";
    }

    DatagramSocketPtr open(const Address& local) {
        auto socket = datagrams_->open(loop_, local, {.receive_buffer = 1 << 22U});
        return socket ? std::move(*socket) : nullptr;
    }
    // The datagrams that came to the sink, as many as `count` if none is lost.
    std::vector<std::string> receive(std::size_t count) {
        std::vector<std::string> out;
        std::array<Arrival, 64> arrivals;
        while (out.size() < count) {
            pollfd ready{sink_->watch().descriptor(), POLLIN, 0};
            if (::poll(&ready, 1, 60'000) <= 0) break;
            const std::size_t came = sink_->try_receive(arrivals);
            for (std::size_t i = 0; i < came; ++i) {
                each_datagram(arrivals[i], [&](std::span<const std::byte> one) {
                    out.emplace_back(reinterpret_cast<const char*>(one.data()), one.size());
                });
            }
        }
        return out;
    }
    std::int64_t fallbacks(GsoFallback why) const { return metrics_.value(Metric::datagram_gso_fallback_total, why); }
    GsoFallback reason() const { return GetParam() == EIO ? GsoFallback::device : GsoFallback::length; }

    SteadyClock clock_;
    Loop loop_{clock_};
    Metrics metrics_;
    std::unique_ptr<Datagrams> datagrams_ = udp_datagrams(&metrics_);
    DatagramSocketPtr sink_ = open(Address::loopback(0));
    DatagramSocketPtr source_ = open(Address::loopback(0));
};

TEST_P(UdpGsoRefused, T101_the_same_bytes_leave_one_by_one_in_the_same_order) {
    std::vector<std::string> expected{"before"};
    std::string whole;
    for (char letter = 'a'; letter <= 'j'; ++letter) {
        expected.emplace_back(letter == 'j' ? 7 : 100, letter);
        whole += expected.back();
    }
    expected.emplace_back("behind");
    // Cut where the datagrams do not end.
    std::array<iovec, 5> pieces{iovec{expected.front().data(), 6},
                                {whole.data(), 30},
                                {whole.data() + 30, 270},
                                {whole.data() + 300, whole.size() - 300},
                                {expected.back().data(), 6}};
    const std::span all(pieces);
    const Address to = sink_->local();
    const std::array<Departure, 3> departures{Departure{.peer = to, .pieces = all.first(1)},
                                              Departure{.peer = to, .pieces = all.subspan(1, 3), .segment = 100},
                                              Departure{.peer = to, .pieces = all.last(1)}};
    EXPECT_EQ(source_->try_send(departures), departures.size());
    EXPECT_EQ(receive(expected.size()), expected);
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(fallbacks(reason()), 1);
    EXPECT_EQ(metrics_.value(Metric::datagram_gso_calls_total), 0);
    for (const auto other : {SendError::full, SendError::length, SendError::other}) {
        EXPECT_EQ(metrics_.value(Metric::datagram_send_errors_total, other), 0);
    }
}

// A device that cannot, and a way that is too narrow, are known after one refusal.
TEST_P(UdpGsoRefused, T101_windows_do_not_try_it_for_ever) {
    tftp::Outbox outbox(*source_);
    const tftp::Route route{.peer = sink_->local()};
    const std::string block(512, 'b');
    constexpr std::uint16_t window = 16;
    std::vector<std::string> expected;
    for (std::uint16_t first = 1; first < 20 * window; first += window) {
        outbox.begin_run(route, 512, true);
        for (std::uint16_t number = first; number < first + window; ++number) {
            outbox.add_block(number, std::as_bytes(std::span(block)), {});
            expected.push_back("\0\3"s + static_cast<char>(number >> 8U) + static_cast<char>(number) + block);
        }
        outbox.flush();
    }
    EXPECT_EQ(receive(expected.size()), expected);
    EXPECT_EQ(fallbacks(reason()), 1);
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(source_->most_segments(route.peer), 1U);
    EXPECT_EQ(outbox.dropped(), 0U);
}

// Others are not to suffer from one whose way is narrow.
TEST_P(UdpGsoRefused, T101_a_narrow_way_is_that_of_one_peer) {
    const std::string text(20, 'x');
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    const Departure departure{.peer = sink_->local(), .pieces = {&piece, 1}, .segment = 10};
    EXPECT_EQ(source_->try_send(std::span(&departure, 1)), 1U);
    EXPECT_EQ(receive(2).size(), 2U);
    const Address another = Address::parse_ip("127.0.0.2", 1).value();
    EXPECT_EQ(source_->most_segments(another) > 1, GetParam() != EIO);
    EXPECT_EQ(source_->most_segments(sink_->local()), 1U);
}

INSTANTIATE_TEST_SUITE_P(By, UdpGsoRefused, ::testing::Values(EIO, EINVAL, EMSGSIZE), [](const auto& one) {
    return one.param == EIO ? "EIO"s : one.param == EINVAL ? "EINVAL"s : "EMSGSIZE"s;
});

}  // namespace
}  // namespace wherry::net
