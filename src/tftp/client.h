#pragma once
// Client: fetches a file by TFTP, or stores one, with the same two machines as the server, their sides exchanged.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "net/datagram.h"
#include "tftp/packet.h"
#include "tftp/rto.h"

namespace wherry::tftp {

struct ClientOptions {
    std::string name;
    std::uint16_t blksize = 1428;  // asked for; 512: the option is left out
    std::uint16_t windowsize = 1;  // asked for, or what fits into the receive buffer; 1: the option is left out
    bool tsize = true;
    Span timeout = std::chrono::seconds(1);  // until the request is repeated
    int tries = 6;                           // of the request
    Span stall = std::chrono::seconds(30);   // without progress
};

struct ClientProgress {
    std::uint64_t bytes = 0;            // so far
    std::optional<std::uint64_t> size;  // of all, where the server has told it
};

// What the file's side does. Called on the thread that runs the transfer; may block.
struct ClientFile {
    // Of a download: the next bytes.
    std::function<Result<void>(Bytes bytes)> write;
    // Of an upload: bytes at `offset`; fewer than asked for only at the end.
    std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte> into)> read;
    std::optional<std::uint64_t> size;                    // of an upload
    std::function<void(const ClientProgress&)> progress;  // may be empty
};

struct ClientResult {
    std::uint64_t bytes = 0;
    std::uint16_t blksize = default_block;
    std::uint16_t window = 1;
    static constexpr std::uint16_t default_block = 512;
};

// Runs a whole transfer on the calling thread and returns when it is over. Errors: Code::timeout, Code::reset (nobody
// listens there), what the server has said (its words are the message), what the file's side has said.
Result<ClientResult> fetch(net::Datagrams& datagrams, const net::Address& server, const ClientOptions& options,
                           const ClientFile& file);
Result<ClientResult> store(net::Datagrams& datagrams, const net::Address& server, const ClientOptions& options,
                           const ClientFile& file);

}  // namespace wherry::tftp
