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
// sessions of the user), its answer comes after the delay of LoginPolicy and is the same Code::denied, so that neither
// text nor time tells them apart; the log and the event tell why. Wrong logins count for a ban of the address; from a
// banned one nobody is asked. `connection` is only waited on: if it
// is aborted meanwhile, the answer comes at once.
// Whether connections from there are to be turned away.
bool is_banned(Commons& commons, const net::Address& peer, net::TimePoint now);

net::Task<Result<Admission>> log_in(Commons& commons, net::Stream& connection, SessionInfo session, Login login);

}  // namespace wherry
