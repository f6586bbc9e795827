// The rows of the list of keys that are about I2FTP.
#include "service/config_keys.h"

#include <utility>

namespace wherry {
namespace {

using namespace fields;
using namespace std::chrono_literals;
using enum ConfigKey::Change;

}  // namespace

std::vector<ConfigKey> i2ftp_config_keys() {
    return {
        {"i2ftp.listen", restart, listen_places([](auto& c) -> auto& { return c.i2ftp.listen; }),
         "Where the server waits for I2FTP clients, whose usual port is 26842; empty: nowhere."},
        {"i2ftp.tls_listen", restart, listen_places([](auto& c) -> auto& { return c.i2ftp.tls_listen; }),
         "Further addresses, where the whole of I2FTP is inside TLS 1.3, with the certificate of tls.certificate. Only "
         "clients that can do this come in there, like \"wherry i2ftp\" with i2ftps:// URLs."},
        {"i2ftp.key_file", restart, place("file", [](auto& c) -> auto& { return c.i2ftp.key_file; }),
         "A file with the key of the clients, as hexadecimal digits. Nobody else may be able to read it."},
        {"i2ftp.user", restart, text([](auto& c) -> auto& { return c.i2ftp.user; }, 255),
         "The name that goes with that key, in logs and events and for limits."},
        {"i2ftp.folder", restart, place("folder", [](auto& c) -> auto& { return c.i2ftp.folder; }),
         "The folder that is served to the clients with that key."},
        {"i2ftp.permissions", restart, letters([](auto& c) -> auto& { return c.i2ftp.permissions; }),
         "What they may do there, as in anonymous.permissions."},
        {"i2ftp.secured", restart, flag([](auto& c) -> auto& { return c.i2ftp.settings.secured; }),
         "Whether sessions are coded by the cipher of the protocol. It hides little: compatibility, not security."},
        {"i2ftp.rsa_bits", restart, number([](auto& c) -> auto& { return c.i2ftp.settings.rsa_bits; }, 1024, 4096),
         "Size of the RSA key of secured sessions, which is made anew at each start."},
        {"i2ftp.secured_greeting_delay", restart,
         duration([](auto& c) -> auto& { return c.i2ftp.settings.secured_greeting_delay; }, 0s, 10s),
         "How long the greeting of a secured session waits: clients of old lose one that comes at once."},
        {"i2ftp.preauth", restart,
         choice([](auto& c) -> auto& { return c.i2ftp.settings.preauth; },
                std::vector<std::pair<std::string_view, i2ftp::Preauth>>{{"auto", i2ftp::Preauth::automatic},
                                                                         {"required", i2ftp::Preauth::required},
                                                                         {"off", i2ftp::Preauth::off}}),
         "Whether clients begin with 16 bytes that show their key. Those from before July 2024 do not: \"auto\" takes "
         "one that is silent for such."},
        {"i2ftp.old_client_wait", restart,
         duration([](auto& c) -> auto& { return c.i2ftp.settings.old_client_wait; }, 10ms, 10s),
         "With preauth \"auto\": how long a client must be silent."},
        {"i2ftp.read_only", restart, flag([](auto& c) -> auto& { return c.i2ftp.settings.read_only; }),
         "Whether all changes are refused, whatever the permissions."},
        {"i2ftp.public_key", restart, flag([](auto& c) -> auto& { return c.i2ftp.settings.public_key; }),
         "Whether the key that stands in the sources of i2ftps is taken. Everybody has it."},
        {"i2ftp.process_control", restart,
         choice([](auto& c) -> auto& { return c.i2ftp.settings.process_control; },
                std::vector<std::pair<std::string_view, i2ftp::ProcessControl>>{
                    {"nobody", i2ftp::ProcessControl::nobody},
                    {"loopback", i2ftp::ProcessControl::loopback},
                    {"everybody", i2ftp::ProcessControl::everybody}}),
         "Who may ask for the number of the server's process (PCTL), as i2ftps does to stop it."},
        {"i2ftp.handshake_timeout", restart,
         duration([](auto& c) -> auto& { return c.i2ftp.settings.handshake_timeout; }, 1s, 1h),
         "How long a client may take to show its key."},
        {"i2ftp.idle_timeout", restart,
         duration([](auto& c) -> auto& { return c.i2ftp.settings.idle_timeout; }, 1s, most_wait),
         "How long no byte may come or go before a session is ended. Clients send a heartbeat every 8 seconds."},
        {"i2ftp.stall_timeout", restart,
         duration([](auto& c) -> auto& { return c.i2ftp.settings.stall_timeout; }, 1s, most_wait),
         "How long a client may take nothing of what waits for it."},
        {"i2ftp.handle_timeout", restart,
         duration([](auto& c) -> auto& { return c.i2ftp.settings.handle_timeout; }, 1s, 24h),
         "How long an open file may go unused."},
        {"i2ftp.keep_uploads", restart,
         duration([](auto& c) -> auto& { return c.i2ftp.settings.keep_uploads; }, 0s, most_wait),
         "How long after that an interrupted upload waits to be continued; 0: not at all."},
        {"i2ftp.kept_uploads", restart,
         number([](auto& c) -> auto& { return c.i2ftp.settings.kept_uploads; }, 0, 100'000),
         "Interrupted uploads that wait at the same time; beyond that the oldest is given up."},
        {"i2ftp.handles", restart, number([](auto& c) -> auto& { return c.i2ftp.settings.handles; }, 1, most_count),
         "Files that all clients together may have open."},
        {"i2ftp.downloads_at_once", restart,
         number([](auto& c) -> auto& { return c.i2ftp.settings.downloads_at_once; }, 1, 1000),
         "Large downloads at the same time on one connection."},
        {"i2ftp.damaged_frames", restart,
         number([](auto& c) -> auto& { return c.i2ftp.settings.damaged_frames; }, 1, most_count),
         "Damaged frames after which a connection is ended."},
        {"i2ftp.message_limit", restart,
         number([](auto& c) -> auto& { return c.i2ftp.settings.message_limit; }, 600'000, 16'777'215),
         "The largest message a client may send, in bytes."},
    };
}

}  // namespace wherry
