#pragma once
// Datagrams over UDP: recvmmsg(2) and sendmmsg(2), the asked address by IP_PKTINFO, several datagrams in one by
// UDP_SEGMENT and UDP_GRO where the kernel can.
#include <memory>

#include "net/datagram.h"

namespace wherry::net {

std::unique_ptr<Datagrams> udp_datagrams();

}  // namespace wherry::net
