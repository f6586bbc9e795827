#pragma once
// From a request to a running transfer: who may, what the name means, opening the file, negotiating the options.
#include "net/task.h"
#include "tftp/flow.h"
#include "wherry/events.h"
#include "wherry/result.h"

namespace wherry::tftp {

net::Task<void> open_request(FlowPtr flow);

// The time of a flow that does not run yet, or no more, is over.
void flow_expired(Flow& flow);

// The one place where an error of a file operation becomes an ERROR packet.
Refusal refusal_for(const Error& error);

SessionInfo session_of(const Flow& flow, const Tree* tree = nullptr);

// `RRQ 10.0.0.5:2070 "pxelinux.0"`, for the log.
std::string describe(const Flow& flow, const Request& request);

}  // namespace wherry::tftp
