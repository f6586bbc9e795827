#pragma once
// Handlers: functions of the program that answer requests themselves.
#include <string>
#include <utility>
#include <vector>

#include "net/lane.h"
#include "tftp/flow.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

struct Handler {
    std::string pattern;
    bool write = false;
    TftpHandler call;
    bool missing = false;       // asked about downloads of what is in no folder, after these; else before them
    net::Lane* lane = nullptr;  // whose workers call it; null: the disk lane
};

// An option of the program's own.
struct OptionMaker {
    std::string name;
    TftpOptionHandler call;
};

// True if the handler wants to see requests for `path`. `missing`: at that time.
bool wants(const Handler& handler, bool write, bool missing, const Path& path);

struct Opening;
TftpRequest describe_for_handlers(const Opening& opening, const Path& path);

// What an answer of Kind::refuse says on the wire.
Refusal refusal_of(const TftpAnswer& answer);

}  // namespace wherry::tftp
