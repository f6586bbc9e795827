#pragma once
// Sockets that somebody else has opened for this process: systemd's socket activation (sd_listen_fds(3)), or a program
// that has dropped its privileges since.
#include <cstdint>
#include <string>
#include <vector>

#include "net/network.h"
#include "wherry/result.h"

namespace wherry::net {

struct HandedOver {
    int descriptor = -1;
    std::string name;  // FileDescriptorName= of the .socket unit; empty: it has none
    friend bool operator==(const HandedOver&, const HandedOver&) = default;
};

// The protocol, without touching anything: the values of LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, null where the
// environment has no such variable, and the own process id. None if they are meant for another process.
Result<std::vector<HandedOver>> handed_over(const char* process, const char* count, const char* names, int self);

// Takes a socket over, from here on closed by its destructor and on exec(2). Code::invalid with what is wrong with it
// if it is none of TCP that listens; or none of UDP that is bound.
Result<Socket> adopt_listening(int descriptor);
Result<Socket> adopt_bound(int descriptor);
bool is_datagram_socket(int descriptor) noexcept;

}  // namespace wherry::net
