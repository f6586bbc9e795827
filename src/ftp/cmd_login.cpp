// USER, PASS, ACCT, REIN, QUIT: who is there (RFC 959 4.1.1).
#include "ftp/session.h"

namespace wherry::ftp {

namespace {

bool refused_in_clear(Session& session) {
    const bool refused = session.control_must_be_secured();
    if (refused) session.reply(530, "TLS is required here: AUTH TLS first");
    return refused;
}

}  // namespace

// The same answer for every name: whether a user exists is not said here (RFC 2577 section 7). But who has shown the
// certificate of that user is in (RFC 4217 section 13, RFC 2228 for 232).
net::Task<void> user(Session& session, std::string_view argument) {
    if (refused_in_clear(session)) co_return;
    if (session.logged_in()) session.log_out();
    session.reset_parameters();
    if (!co_await session.takes_name(argument)) co_return;
    session.login_name = argument;
    if (co_await session.log_in_by_certificate()) co_return;
    session.password_due = true;
    session.reply(331, "Password required");
}

net::Task<void> pass(Session& session, std::string_view argument) {
    if (refused_in_clear(session)) co_return;
    if (!session.password_due) {
        co_return session.reply(503, session.logged_in() ? "Already logged in" : "Log in with USER first");
    }
    co_await session.log_in(Password(std::string(argument)));
}

// Nobody has accounts besides users here; 202 is what RFC 959 has for that.
void acct(Session& session, std::string_view) { session.reply(202, "No account is needed"); }

void rein(Session& session, std::string_view) {
    session.log_out();
    session.reset_parameters();
    session.host.clear();
    session.buffer_size_agreed = session.data_secured = false;  // TLS itself stays (RFC 4217 section 11)
    session.reply(220, "Ready for a new user");
}

// "If file transfer is in progress, the connection will remain open for result response" (RFC 959 4.1.1).
net::Task<void> quit(Session& session, std::string_view) {
    session.reply(Reply::of_lines(221, co_await session.quit_text()));
    co_await session.transfer_end();
    session.close_after_replies();
}

}  // namespace wherry::ftp
