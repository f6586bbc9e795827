#include "net/tls_kernel.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>

#include "net/network.h"

namespace wherry::net {

// A socket that is not connected cannot have TLS: the kernel says so, if it knows at all what is wanted.
bool kernel_has_tls() {
    constexpr std::string_view protocol = "tls";
    const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return socket && setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_ULP, protocol.data(), protocol.size()) != 0 &&
           errno == ENOTCONN;
}

}  // namespace wherry::net
