#include "net/handed_over.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "core/text.h"
#include "net/tcp.h"

namespace wherry::net {
namespace {

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START
constexpr std::uint64_t most_sockets = 1024;
constexpr std::size_t most_name = 255;  // systemd's own limit

int option_of(int descriptor, int option) noexcept {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

bool is_internet(int descriptor) noexcept {
    const int family = option_of(descriptor, SO_DOMAIN);
    return family == AF_INET || family == AF_INET6;
}

Result<Socket> refused(int descriptor, std::string_view why) {
    return fail(Code::invalid, "taking over descriptor " + std::to_string(descriptor) + ": " + std::string(why));
}

Result<Socket> own(int descriptor) {
    if (fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) != 0 ||
        fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        return fail_errno(errno, "taking over", "descriptor " + std::to_string(descriptor));
    }
    return Socket(descriptor);
}

bool is_name(std::string_view name) {
    return name.size() <= most_name && std::ranges::all_of(name, [](char one) { return one >= ' ' && one < '\x7f'; });
}

}  // namespace

Result<std::vector<HandedOver>> handed_over(const char* process, const char* count, const char* names, int self) {
    std::vector<HandedOver> out;
    // Left over from a parent that it was meant for.
    if (process == nullptr || count == nullptr || process != std::to_string(self)) return out;
    const auto sockets = parse_at_most(count, most_sockets);
    if (!sockets) return fail(Code::invalid, "LISTEN_FDS: '" + for_log(count) + "' is not a number of sockets");
    for (std::uint64_t i = 0; i < *sockets; ++i) out.push_back({first_descriptor + static_cast<int>(i), {}});
    if (names == nullptr || out.empty()) return out;
    const auto given = split(names, ':');
    if (given.size() != out.size()) {
        return fail(Code::invalid, "LISTEN_FDNAMES: has " + std::to_string(given.size()) + " names for " +
                                       std::to_string(out.size()) + " sockets");
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!is_name(given[i])) return fail(Code::invalid, "LISTEN_FDNAMES: '" + for_log(given[i]) + "' is no name");
        out[i].name = given[i];
    }
    return out;
}

bool is_datagram_socket(int descriptor) noexcept { return option_of(descriptor, SO_TYPE) == SOCK_DGRAM; }

Result<Socket> adopt_listening(int descriptor) {
    const int type = option_of(descriptor, SO_TYPE);
    if (type < 0) return fail_errno(errno, "taking over", "descriptor " + std::to_string(descriptor));
    if (type != SOCK_STREAM || !is_internet(descriptor)) return refused(descriptor, "it is no socket of TCP");
    if (option_of(descriptor, SO_ACCEPTCONN) != 1) return refused(descriptor, "it is a socket that does not listen");
    return own(descriptor);
}

Result<Socket> adopt_bound(int descriptor) {
    const int type = option_of(descriptor, SO_TYPE);
    if (type < 0) return fail_errno(errno, "taking over", "descriptor " + std::to_string(descriptor));
    if (type != SOCK_DGRAM || !is_internet(descriptor)) return refused(descriptor, "it is no socket of UDP");
    if (local_address(descriptor).port() == 0) return refused(descriptor, "it is a socket without a port");
    return own(descriptor);
}

}  // namespace wherry::net
