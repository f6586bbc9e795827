#pragma once
// Lines of the log about single packets, for finding out what a client does (tftp.debug_client).
#include <string>
#include <string_view>

#include "tftp/packet.h"

namespace wherry::tftp {

// What a packet says, in one line: `RRQ "pxelinux.0" octet blksize=1468`, `OACK blksize=1468`, `DATA 1 512 B`, `ACK 1`,
// `ERROR 1 "File not found"`, `opcode 9 12 B`, `1 B`. Names and texts of strangers are escaped, and cut.
std::string describe_packet(Bytes packet);

}  // namespace wherry::tftp
