#pragma once
// Logging in: from a name and a password to a user, the same for every protocol.
#include "access/commons.h"
#include "net/stream.h"
#include "net/task.h"

namespace wherry {

struct Admission {
    UserPtr user;
    Permit permit;  // one of the user's sessions
};

// Asks the authenticators on the auth lane. Whatever the cause of a refusal (unknown user, wrong password, too many
// sessions of the user), its answer comes LoginPolicy::failure_delay after the question and is the same Code::denied,
// so that neither text nor time tells them apart; the log and the event tell why. `connection` is only waited on: if it
// is aborted meanwhile, the answer comes at once.
net::Task<Result<Admission>> log_in(Commons& commons, net::Stream& connection, SessionInfo session, Login login);

}  // namespace wherry
