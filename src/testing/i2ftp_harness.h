#pragma once
// I2ftpHarness: a whole I2FTP server in one thread, without sockets and without sleeping, on top of Harness. And
// I2ftpClient: its scripted counterpart.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "i2ftp/handshake.h"
#include "i2ftp/server.h"
#include "testing/harness.h"

namespace wherry::testing {

class I2ftpClient;

class I2ftpHarness {
public:
    I2ftpHarness();
    ~I2ftpHarness();
    I2ftpHarness(const I2ftpHarness&) = delete;
    I2ftpHarness& operator=(const I2ftpHarness&) = delete;

    // --- before the first connection ---------------------------------------------------------------------------------
    Harness base;  // files, limits, clock, log, events
    i2ftp::Settings settings;
    i2ftp::Random* random = nullptr;  // null: the system's
    std::uint32_t process = 0;
    std::optional<i2ftp::RsaKey> rsa;
    // A user "alice" with this key and all permissions is there unless others are named.
    SharedKey key{"a key for tests, of no other use"};
    void add_user(const SharedKey& of_user, User user);

    // --- then --------------------------------------------------------------------------------------------------------
    i2ftp::Server& server();
    // A connection on which nothing has been said yet.
    std::unique_ptr<I2ftpClient> dial(const net::Address& from = net::Address::parse_ip("198.51.100.7", 40000).value());
    // One that has the greeting.
    std::unique_ptr<I2ftpClient> connect();
    std::unique_ptr<I2ftpClient> connect(const SharedKey& of_user);
    double unix_time() const;

private:
    std::vector<i2ftp::Identity> identities_;
    std::unique_ptr<i2ftp::Server> server_;
};

// One client. Nothing here waits: each function runs the server until it is idle.
class I2ftpClient {
public:
    I2ftpClient(I2ftpHarness& harness, ConnectionPtr connection) : harness_(harness), connection_(connection) {}

    // --- bytes -------------------------------------------------------------------------------------------------------
    void send(i2ftp::View bytes);
    i2ftp::Bytes receive();
    bool closed();
    void hang_up() { connection_->end_sending(), harness_.base.run(); }
    void reset() { connection_->reset(), harness_.base.run(); }
    Connection& connection() noexcept { return *connection_; }

    // --- messages; after shake_hands() -------------------------------------------------------------------------------
    // The whole handshake and the greeting; false if it came to nothing.
    bool shake_hands(const SharedKey& key, bool preauth = true);
    void say(std::string_view body);
    std::optional<std::string> hear();  // the next message that has come; nullopt: none
    // A request and its first answer; "" if there is none.
    std::string ask(std::string_view body) { return say(body), hear().value_or(""); }
    std::optional<i2ftp::Channel>& channel() noexcept { return channel_; }

private:
    I2ftpHarness& harness_;
    ConnectionPtr connection_;
    std::optional<i2ftp::Channel> channel_;
    i2ftp::Bytes pending_;
};

// "DOWN,<id>,<start>,<end>" and "UPLD,<id>,<start>,<data>".
std::string down(std::string_view id, std::uint64_t start, std::uint64_t end);
std::string upld(std::string_view id, std::uint64_t start, std::string_view data);
// Eight bytes, little endian.
std::string u64(std::uint64_t number);

}  // namespace wherry::testing
