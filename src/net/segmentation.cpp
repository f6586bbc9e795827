#include "net/segmentation.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/address.h"
#include "net/network.h"
#include "net/tcp.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace wherry::net {
namespace {

constexpr std::size_t probed_segments = 65;  // kernels before 6.9 and its kin take 64
constexpr std::size_t modern_segments = 128;
constexpr std::size_t old_segments = 64;

std::size_t probe_segments() {
    const Socket sink(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const Socket source(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_storage system{};
    socklen_t length = Address::loopback(0).to_system(system);
    if (!sink || !source || bind(sink.descriptor(), reinterpret_cast<sockaddr*>(&system), length) != 0) return 1;
    length = local_address(sink.descriptor()).to_system(system);
    if (connect(source.descriptor(), reinterpret_cast<sockaddr*>(&system), length) != 0) return 1;
    const int one = 1;
    if (setsockopt(source.descriptor(), SOL_UDP, UDP_SEGMENT, &one, sizeof one) != 0) return 1;
    const std::array<char, probed_segments> bytes{};
    const auto takes = [&](std::size_t count) {
        return send(source.descriptor(), bytes.data(), count, MSG_NOSIGNAL) == static_cast<ssize_t>(count);
    };
    if (takes(probed_segments)) return modern_segments;
    return takes(old_segments) ? old_segments : 1;
}

SendError send_error(int error) {
    switch (error) {
        case EAGAIN:
        case ENOBUFS: return SendError::full;
        case ECONNREFUSED: return SendError::refused;
        case EHOSTUNREACH:
        case ENETUNREACH: return SendError::unreachable;
        case EMSGSIZE: return SendError::length;
        case EPERM:
        case EACCES: return SendError::denied;
        default: return SendError::other;
    }
}

}  // namespace

Segmentation::Segmentation(Metrics* metrics, Log* log) : most_(probe_segments()), metrics_(metrics), log_(log) {}

void Segmentation::tell() {
    if (log_ == nullptr || told_.exchange(true)) return;
    if (most() > 1) {
        log_->info("udp: the kernel cuts up to {} datagrams out of one", most());
    } else {
        log_->info("udp: the kernel cuts no datagrams out of one (UDP_SEGMENT): each is sent by itself");
    }
}

void Segmentation::lower(std::size_t to, const char* why) {
    std::size_t before = most();
    while (to < before && !most_.compare_exchange_weak(before, to, std::memory_order_relaxed)) continue;
    if (to < before && log_ != nullptr)
        log_->warning("udp: from now on up to {} datagrams are sent as one: {}", to, why);
}

// That a way is too narrow is EMSGSIZE, and in kernels before 6.14 EINVAL, as is more than they take. As many as old
// ones take have been tried.
Segmentation::Refusal Segmentation::refused(int error, std::size_t datagrams) {
    if (error != EIO && error != EINVAL && error != EMSGSIZE) return Refusal::none;
    const bool too_many = error == EINVAL && datagrams > old_segments;
    if (error == EIO) lower(1, "the device cannot cut them");
    if (too_many) lower(old_segments, "the kernel does not take as many");
    const GsoFallback why = error == EIO ? GsoFallback::device : too_many ? GsoFallback::segments : GsoFallback::length;
    if (metrics_ != nullptr) metrics_->add(Metric::datagram_gso_fallback_total, why);
    return why == GsoFallback::length ? Refusal::way : Refusal::anywhere;
}

void Segmentation::used(std::int64_t times) noexcept {
    if (metrics_ != nullptr && times != 0) metrics_->add(Metric::datagram_gso_calls_total, times);
}

void Segmentation::failed(int error) noexcept {
    if (metrics_ != nullptr) metrics_->add(Metric::datagram_send_errors_total, send_error(error));
}

}  // namespace wherry::net
