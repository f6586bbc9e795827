#pragma once
// Logging in: from a name and a password to a user, the same for every protocol.
#include "access/commons.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls_stream.h"

namespace wherry {

struct Admission {
    UserPtr user;
    Permit permit;  // one of the user's sessions
};

// The user, who sees the files as the rules about names say: the user's own, or else the server's.
UserPtr with_names(Commons& commons, UserPtr user);

// Asks the authenticators on the auth lane. Whatever the cause of a refusal (unknown user, wrong password, too many
// sessions of the user), its answer comes after the delay of LoginPolicy and is the same Code::denied, so that neither
// text nor time tells them apart; the log and the event tell why. Wrong logins count for a ban of the address; from a
// banned one nobody is asked. `connection` is only waited on: if it
// is aborted meanwhile, the answer comes at once.
net::Task<Result<Admission>> log_in(Commons& commons, net::Stream& connection, SessionInfo session, Login login);

// A session of that address, at the door: Code::denied for one that is banned, Code::busy where there are too many. The
// event, the log and the metric are told of a refusal.
Result<Permit> admit_connection(Commons& commons, const SessionInfo& session, const net::Address& peer,
                                net::TimePoint now);
// Tells them of a refusal that was decided elsewhere.
void tell_refused(Commons& commons, const SessionInfo& session, event::Refused::Why why, std::string reason);

// A handshake on `tls`, which carries that session's commands, has ended: says so in `session`, and to event, log and
// metric.
void tell_handshake(Commons& commons, SessionInfo& session, const net::TlsStream& tls, const Result<void>& done);

// Whether connections from there are to be turned away.
bool is_banned(Commons& commons, const net::Address& peer, net::TimePoint now);

// For a user who has shown already who it is (a shared key): takes the user's session permit and tells the event.
// Code::denied when the user has too many sessions; the log and the event tell why. `secure`: the connection is
// encrypted by TLS.
Result<Admission> log_in_proven(Commons& commons, SessionInfo session, UserPtr user, bool secure);
// For a login that failed in a protocol's own way: tells of it, counts it for a ban of the address if `reason` is that
// of a guess (Code::denied), and then waits as long as log_in() makes such a client wait. `name`: whose key it was, as
// far as that is known.
net::Task<void> refuse_login(Commons& commons, net::Stream& connection, SessionInfo session, std::string name,
                             Error reason);

}  // namespace wherry
