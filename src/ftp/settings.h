#pragma once
// What an operator may set about the FTP service, with its defaults. Live changes are not made here: a server is given
// a copy.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "net/address.h"

namespace wherry::ftp {

struct Settings {
    std::string greeting = "Wherry ready.";
    std::string login_message = "Login successful.";
    std::string quit_message = "Goodbye.";

    // --- data connections --------------------------------------------------------------------------------------------
    std::uint16_t passive_first = 0;  // 0: the system chooses
    std::uint16_t passive_last = 0;
    std::optional<net::Address> nat_address;  // what PASV announces (its port is not used); EPSV needs none
    bool passive = true;
    bool active = true;
    bool foreign_addresses = false;  // data peer != control peer (FXP); RFC 2577
    bool privileged_ports = false;   // active mode to ports below 1024
    bool active_from_port_20 = false;

    // --- limits ------------------------------------------------------------------------------------------------------
    std::chrono::seconds idle_timeout{300};         // neither channel moved
    std::chrono::seconds login_timeout{60};         // from the greeting to a login
    std::chrono::seconds data_connect_timeout{30};  // from the transfer command to the data connection
    std::chrono::seconds stall_timeout{300};        // a running transfer moved no byte
    std::size_t line_limit = 8192;                  // bytes of one command
    bool show_local_time = false;                   // in LIST; else UTC. MDTM and MLSx are always UTC
};

}  // namespace wherry::ftp
