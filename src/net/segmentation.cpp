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
    if (most_.exchange(to, std::memory_order_relaxed) == to || log_ == nullptr) return;
    log_->warning("udp: from now on up to {} datagrams are sent as one: {}", to, why);
}

bool Segmentation::refused(int error) {
    if (error != EIO && error != EINVAL && error != EMSGSIZE) return false;
    if (error == EIO) lower(1, "the device cannot cut them");
    if (error == EINVAL) lower(std::max<std::size_t>(1, most() / 2), "the kernel does not take as many");
    // EMSGSIZE: too long for this way, and no other; the socket remembers which.
    const GsoFallback why = error == EIO      ? GsoFallback::device
                            : error == EINVAL ? GsoFallback::segments
                                              : GsoFallback::length;
    if (metrics_ != nullptr) metrics_->add(Metric::datagram_gso_fallback_total, why);
    return true;
}

void Segmentation::used(std::int64_t times) noexcept {
    if (metrics_ != nullptr && times != 0) metrics_->add(Metric::datagram_gso_calls_total, times);
}

void Segmentation::failed(int error) noexcept {
    if (metrics_ != nullptr) metrics_->add(Metric::datagram_send_errors_total, send_error(error));
}

}  // namespace wherry::net
