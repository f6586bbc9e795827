#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pattern.h"
#include "socket.h"

namespace wherry::bench {

/// Where sessions go, and as whom.
struct Target {
    std::uint16_t port = 2121;
    std::string user = "anonymous";
    std::string password = "bench@example.org";
    bool pasv = false;                ///< PASV instead of EPSV
    bool resume = false;              ///< data connections offer the TLS session of their control connection
    const TlsContext* tls = nullptr;  ///< null: all in clear
    std::string root;  ///< local path of the server's root; uploads are looked at there. Empty: not looked at
};

/// What all sessions of one run did together.
struct Tally {
    std::uint64_t bytes = 0;  ///< file and list bytes, both directions
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t resumed = 0;  ///< data connections that resumed a TLS session
    std::map<std::string, std::uint64_t> errors;
    std::vector<double> seconds;  ///< of each thing that succeeded, since the last report of them

    void add(const Result<>& outcome, double took);
};

/// One FTP session, as cheap for the client as it can be: downloads are dropped in the kernel (recv with MSG_TRUNC),
/// uploads are sendfile from memory. Under TLS uploads are encrypted, small downloads are decrypted, and of large ones
/// the records are dropped as they come: fewer bytes than the file makes of them are a failure, which says nothing of
/// their content; fetch() decrypts everything. After a failure the session is of no further use.
class Session {
public:
    Session(Loop& loop, const Target& target, const Pattern& pattern, Tally& tally);

    /// Connects, begins TLS if that is wanted, logs in and sets TYPE I.
    Task<Result<>> login();
    /// Connects, asks for TLS (RFC 4217 4), and says no more than `then` in place of the handshake.
    Task<Result<>> ask_for_tls(std::string_view then);
    /// Whatever comes, until the server closes or breaks the connection.
    Task<> wait_for_end();
    /// Fails unless exactly `size` bytes come.
    Task<Result<>> download(std::string path, std::uint64_t size);
    /// Fails unless the server confirms, and the stored file has `size` bytes (where Target::root is known).
    Task<Result<>> upload(std::string path, std::uint64_t size);
    /// Runs a command that sends data and shows each piece of it to `see`.
    Task<Result<>> fetch(std::string command, std::function<void(std::span<const char>)> see);
    /// Sends QUIT and waits until the server has closed.
    Task<Result<>> quit();

    /// Ends whatever is going on, from outside: the pending call fails.
    void interrupt() const;

    bool is_open() const { return control_.is_open(); }
    std::uint64_t moved() const { return moved_; }  ///< bytes until now, also of a running transfer

private:
    struct Reply {
        int code = 0;
        std::string line;
    };

    Task<Result<Reply>> reply();
    Task<Result<Reply>> command(std::string line);
    /// A command whose reply must start with the digit `kind`.
    Task<Result<>> expect(std::string line, int kind);
    Task<Result<>> expect_end(std::string what);
    /// Opens the data connection, sends `line`, and waits for the 1xx reply.
    Task<Result<>> begin_transfer(std::string line);
    Task<Result<std::uint16_t>> passive_port();
    Task<Result<>> secure_control();
    Task<Result<>> secure_data();
    Task<Result<>> drop_all();
    Task<Result<>> drop_records(std::uint64_t size);
    Task<Result<>> read_all();
    Task<Result<>> send_pattern(std::uint64_t size);
    Task<Result<>> send_pattern_encrypted(std::uint64_t size);
    Result<> check_stored(const std::string& path, std::uint64_t size) const;
    bool next_line(std::string& line);
    void count(std::size_t bytes);
    /// Closes the data connection, under TLS with its last word.
    void end_data();

    static constexpr int wake_size = 256 << 10;  ///< a large download wakes us when so much has come, or the end
    static constexpr int slices_per_turn = 16;

    const Target& target_;
    const Pattern& pattern_;
    Tally& tally_;
    Socket control_;
    Socket data_;
    std::string input_;
    std::size_t parsed_ = 0;
    std::uint64_t moved_ = 0;
};

}  // namespace wherry::bench
