#pragma once
// Result<T>: a value or a reason why there is none. Everything in Wherry that can fail for a cause outside the program
// returns one; exceptions are left to start-up mistakes and broken invariants.
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace wherry {

// Why something failed: a short list, so that each protocol can turn it into its own words in one switch. The first
// part is what a file or user operation says, the second how a transfer or a connection ended.
enum class Code : std::uint8_t {
    ok,                // only inside Outcome: the transfer is complete
    not_found,         // no such file, directory or user
    denied,            // permission, guard or policy says no
    exists,            // the target is already there
    not_directory,     // a directory was needed
    is_directory,      // a file was needed
    not_regular,       // a device, FIFO or socket; only regular files are served
    not_empty,         // directory still has entries
    name_not_allowed,  // the name itself is refused (policy, NUL, over-long)
    no_space,          // the disk is full
    quota,             // the user's quota is used up
    read_only,         // the place cannot be written to
    busy,              // somebody else holds it, or a limit is reached; try again later
    unsupported,       // this filesystem or build cannot do that
    invalid,           // the argument makes no sense
    not_mine,          // an authenticator does not know this user; the next one is asked
    would_block,       // only answers to OpenMode::wait == false: ask again from a lane
    io,                // the system failed: disk error, stale handle, out of descriptors
    internal,          // a bug or an exception in a callback; the text stays in the log

    aborted,        // the client asked for the end (ABOR)
    reset,          // the connection broke
    closed,         // the connection ended in an orderly way, or is already closed on our side
    tls_truncated,  // end of data without TLS close_notify
    timeout,        // a deadline passed
    killed,         // the operator or the embedder ended the session, or the server stops
};

// The name of a code as it is written in logs and metrics: "not_found", "reset", ...
std::string_view name_of(Code code) noexcept;

// Code, what we were doing to what, and errno where the system gave one (else 0). The message is for the log, since it
// may tell what is no stranger's business; only with `shown` it is meant for the client's eyes as well.
struct Error {
    Code code = Code::internal;
    int system = 0;
    std::string message{};
    bool shown = false;
};

template <class T>
using Result = std::expected<T, Error>;

// return fail(Code::denied, "open /a: uploads are off");
[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string message = {}, int system = 0) {
    return std::unexpected(Error{code, system, std::move(message)});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

// The same with a message that the client is to see (made printable, one line): a guard's or a filesystem's own words.
[[nodiscard]] inline std::unexpected<Error> refuse(Code code, std::string message) {
    return std::unexpected(Error{code, 0, std::move(message), true});
}

// Turns errno into a code (ENOENT -> not_found, EDQUOT -> quota, ENOSPC -> no_space ...), with the sentence
// "<doing> <to>: <text of errno>".
[[nodiscard]] std::unexpected<Error> fail_errno(int number, std::string_view doing, std::string_view to);
Code code_of_errno(int number) noexcept;

}  // namespace wherry
