#pragma once
// Handlers: functions of the program that answer requests themselves.
#include <string>
#include <vector>

#include "tftp/flow.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

struct Handler {
    std::string pattern;
    bool write = false;
    TftpHandler call;
};

// True if the handler wants to see requests for `path`.
bool wants(const Handler& handler, bool write, const Path& path);

TftpRequest describe_for_handlers(const Flow& flow, const Request& request, const Path& path);

// The bytes that a handler has given, as a chunk of their own.
ChunkPtr chunk_of(const std::string& content, bool text);

// What an answer of Kind::refuse says on the wire.
Refusal refusal_of(const TftpAnswer& answer);

}  // namespace wherry::tftp
