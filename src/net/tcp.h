#pragma once
// Plain TCP: streams and listeners on sockets.
#include <memory>

#include "net/network.h"

namespace wherry::net {

// The system's network.
std::unique_ptr<Network> tcp_network();

// A socket that listens on `local` for a whole server, tied to no loop yet. An IPv6 "any" address serves IPv4 too where
// the system allows it; "any" without IPv6 in the kernel falls back to 0.0.0.0. With Families::ipv6 neither:
// IPv4 is somebody else's. The error says what to do about it.
Result<Socket> listen_tcp(const Address& local, int backlog, Families families = Families::both);
Address local_address(int descriptor);

// A stream on a connected, non-blocking socket; owns the descriptor.
StreamPtr tcp_stream(Loop& loop, Socket socket, const Address& peer, Watch::Class kind);

}  // namespace wherry::net
