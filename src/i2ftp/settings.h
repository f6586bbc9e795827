#pragma once
// What an operator may set about the I2FTP service, with its defaults. A server is given a copy.
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "i2ftp/handshake.h"

namespace wherry::i2ftp {

// Who may ask for the number of the server's process (PCTL), which is how `i2ftps stop` finds it.
enum class ProcessControl : std::uint8_t { nobody, loopback, everybody };

struct Settings {
    // --- the handshake -----------------------------------------------------------------------------------------------
    Preauth preauth = Preauth::automatic;
    std::chrono::milliseconds old_client_wait{500};  // silence after which a client is taken for an old one
    bool secured = false;
    std::uint32_t rsa_bits = 2048;
    // Clients switch their decoding on in another thread than the one that reads: a greeting that comes sooner is lost.
    std::chrono::milliseconds secured_greeting_delay{200};

    // --- what is allowed ---------------------------------------------------------------------------------------------
    bool read_only = false;
    bool public_key = false;  // serve under the key that stands in the sources of the original
    ProcessControl process_control = ProcessControl::nobody;

    // --- limits ------------------------------------------------------------------------------------------------------
    std::chrono::seconds handshake_timeout{10};
    std::chrono::seconds idle_timeout{60};     // no byte came or went; clients send a heartbeat every 8 seconds
    std::chrono::seconds stall_timeout{60};    // the client takes nothing of what waits for it
    std::chrono::seconds handle_timeout{120};  // an open file that nobody uses
    std::chrono::seconds keep_uploads{3600};   // after that, an interrupted upload waits so long to be continued
    std::uint32_t handles = 500;               // open files of all clients together
    std::uint32_t kept_uploads = 100;          // interrupted ones of all clients together
    std::uint32_t downloads_at_once = 8;       // answers to DOWN under way on one connection; then it is not read
    std::uint32_t damaged_frames = 64;         // of one connection, which is then ended
    std::size_t message_limit = ServerHandshake::Options::largest_message_default;  // bytes
};

}  // namespace wherry::i2ftp
