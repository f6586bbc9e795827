#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "socket.h"

namespace wherry::bench {

/// What all sessions of the bare server share.
struct Bare {
    enum class Store { write, splice };

    int root = -1;                       ///< descriptor of the served folder
    std::size_t send_slice = 1U << 20U;  ///< bytes of one sendfile, after which others have their turn
    std::size_t receive_slice = 256U << 10U;
    Store store = Store::write;
    std::vector<char> buffer;  ///< one for all: it is used and done with between two waits, and stays in the cache
    std::array<int, 2> pipe{-1, -1};  ///< for splice; empty between two waits
    std::optional<TlsContext> tls;    ///< for AUTH
};

/// An FTP session that knows nobody, refuses nothing and looks at no path. See bare.cpp.
class BareSession {
public:
    BareSession(Loop& loop, Bare& bare) : bare_(bare), control_(loop), passive_(loop), data_(loop) {}

    /// Serves the connection `fd` until its peer has gone.
    Task<> serve(int fd);

private:
    Task<Result<>> dialogue();
    Task<Result<>> answer(std::string verb, std::string argument);
    Task<Result<>> say(std::string_view text);
    Task<Result<>> enter_passive(bool extended);
    Task<Result<>> open_data();
    Task<Result<>> finish_data(Result<> outcome);

    Task<Result<>> retrieve(std::string path);
    Task<Result<>> send_file(int file);
    Task<Result<>> store(std::string path);
    Task<Result<>> receive_file(int file);
    // In bare_tls.cpp: the straightforward loop around OpenSSL.
    Task<Result<>> secure_control();
    Task<Result<>> send_file_encrypted(int file);
    Task<Result<>> receive_file_encrypted(int file);
    /// Sends what the data connection's TLS has collected.
    Task<Result<>> send_collected();
    /// Moves what has come, one slice at most, into the file: bytes moved, 0 at the end, -1 with errno.
    ssize_t receive_slice(int file) const;
    ssize_t splice_slice(int file) const;
    Task<Result<>> list(char kind, std::string path);

    bool next_line(std::string& line);

    Bare& bare_;
    Socket control_;
    Socket passive_;
    Socket data_;
    bool protects_ = false;  ///< PROT P
    std::string input_;
    std::size_t parsed_ = 0;
};

}  // namespace wherry::bench
