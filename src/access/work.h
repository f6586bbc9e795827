#pragma once
// Work: a long job of a session that moves nothing over a data connection: a checksum, a copy, the removal of a tree.
// It is done by workers in batches; between two of them the session's loop looks at this, so that STAT can tell how far
// it is and ABOR can end it.
//
// Belongs to the session's loop; a worker neither reads nor writes it.
#include <cstdint>
#include <string>

#include "wherry/result.h"

namespace wherry {

struct Work {
    std::string what;         // "Computing SHA-256 of /a.iso"
    std::uint64_t done = 0;   // bytes or objects, as `what` says
    std::uint64_t total = 0;  // 0: not known
    Code stop = Code::ok;     // anything else: whoever does the work gives up after this batch, with this cause

    bool stopped() const noexcept { return stop != Code::ok; }
};

}  // namespace wherry
