#pragma once
// Where `wherry i2ftp` is to go: i2ftp://HOST[:PORT]/PATH, and with which key.
#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"
#include "wherry/i2ftp.h"
#include "wherry/result.h"

namespace wherry::app {

struct I2ftpUrl {
    static constexpr std::uint16_t default_port = 26842;
    static constexpr std::uint16_t default_tls_port = 26843;
    bool tls = false;  // i2ftps://
    std::string host;
    std::uint16_t port = default_port;
    std::string path = ".";  // as the server takes it: relative to its root, "." is the root itself

    std::string name() const;  // the last component; "" for the root
};

// "i2ftp://" may be left out; "i2ftps://" is the same inside TLS. %XX is decoded; "[::1]" for addresses of IPv6.
Result<I2ftpUrl> parse_i2ftp_url(std::string_view text);

// Asks the resolver; blocks.
Result<net::Address> resolve_host(const std::string& host, std::uint16_t port);

// The key: of `file`, else of WHERRY_I2FTP_KEY (digits) or WHERRY_I2FTP_KEY_FILE in the environment, else of
// ~/.config/wherry/i2ftp.key. Never from the command line, which everybody on the machine can read.
Result<SharedKey> find_i2ftp_key(const std::string& file);

}  // namespace wherry::app
