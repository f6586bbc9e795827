#pragma once
// The I2FTP side of a Server, and the keys it is used with.
//
// I2FTP is the protocol of i2ftps and its clients. Its own encryption is compatibility, not security: whoever can
// listen can read. Use it on networks that you trust, or inside TLS (listen_tls()); docs/i2ftp.md says more.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// The secret that a client and a server share. It does not print and wipes its memory when it goes.
class SharedKey {
public:
    static constexpr std::size_t max_size = 1024;  // bytes
    static constexpr std::size_t weak_below = 16;  // bytes: such a key can be guessed from one recorded connection

    SharedKey() = default;
    // The key's own bytes, whatever they are.
    explicit SharedKey(std::string bytes);
    // Pairs of hexadecimal digits, blanks around them allowed. Code::invalid if it is anything else, or empty.
    static Result<SharedKey> from_hex(std::string_view digits);
    // A file with hexadecimal digits. Code::denied if everybody on the machine may read it.
    static Result<SharedKey> from_file(const std::string& file);
    // A new one that nobody can guess.
    static SharedKey random(std::size_t size = 32);
    SharedKey(const SharedKey&) = default;
    SharedKey(SharedKey&&) noexcept;
    SharedKey& operator=(const SharedKey&);
    SharedKey& operator=(SharedKey&&) noexcept;
    ~SharedKey();

    std::string_view bytes() const noexcept { return bytes_; }
    std::string hex() const;
    bool empty() const noexcept { return bytes_.empty(); }
    // The key that stands in the sources of the original and that everybody therefore has.
    bool is_public() const noexcept;

    friend bool operator==(const SharedKey& a, const SharedKey& b) noexcept { return a.bytes_ == b.bytes_; }

private:
    std::string bytes_;
};

class Server;

// Whom the server tells the number of its process (PCTL), by which `i2ftps stop` ends it.
enum class I2ftpProcess : std::uint8_t { nobody, loopback, everybody };

// What may be set about I2FTP, from Server::i2ftp(). As with FtpService: a handle; all before Server::start(); mistakes
// are remembered and start() fails with them. A server that listens nowhere has no I2FTP.
class I2ftpService {
public:
    // "0.0.0.0:26842", "[::1]:26842", "host.example:26842" for all addresses of that host as start() finds them (it
    // waits for the answer), or "*:26842" for all addresses of the machine; port 0 lets the system choose. Again for
    // more.
    I2ftpService listen(std::string address);
    // The same inside TLS 1.3, with the certificates of Server::ftp().tls(): for clients that can do this.
    I2ftpService listen_tls(std::string address);

    // Whoever has the key is that user, one of Server::users() as it stands at start(). The key of
    // SharedKey::from_file() may be given as it comes. Each key is one user's; a user may have several.
    I2ftpService key(Result<SharedKey> key, std::string user);
    // The same with a user of no other protocol, who needs no password; it must have a filesystem.
    I2ftpService key(Result<SharedKey> key, User user);

    I2ftpService secured(bool on);                    // code sessions by the cipher of the protocol; default false
    I2ftpService read_only(bool on);                  // refuse all changes, whatever the permissions; default false
    I2ftpService accept_public_key(bool on);          // the key in the sources of the original; default false
    I2ftpService process_control(I2ftpProcess whom);  // default nobody
    I2ftpService open_files(std::uint32_t most);      // of all clients together; default 500
    I2ftpService idle_timeout(std::chrono::seconds span);    // default 60
    I2ftpService handle_timeout(std::chrono::seconds span);  // of open files that nobody uses; default 120
    I2ftpService keep_uploads(std::chrono::seconds span);    // after that, of interrupted ones; default an hour

private:
    friend class Server;
    explicit I2ftpService(Server& server) : server_(&server) {}
    Server* server_;
};

}  // namespace wherry
