#pragma once
// Datagrams over UDP: recvmmsg(2) and sendmmsg(2), the asked address by IP_PKTINFO, several datagrams in one by
// UDP_SEGMENT and UDP_GRO where the kernel can.
#include <memory>

#include "net/datagram.h"

namespace wherry {
class Log;
class Metrics;
}  // namespace wherry

namespace wherry::net {

// `metrics`: where calls that fail are counted. `log`: is told once how many datagrams the kernel cuts out of one, and
// when it takes fewer after all. Null: nobody is.
std::unique_ptr<Datagrams> udp_datagrams(Metrics* metrics = nullptr, Log* log = nullptr);

}  // namespace wherry::net
