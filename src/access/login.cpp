#include "access/login.h"

#include <algorithm>

#include "auth/anonymous.h"
#include "core/text.h"

namespace wherry {

UserPtr with_names(Commons& commons, UserPtr user) {
    const auto of_server = commons.names.get();
    const NameRules& rules = user->names ? *user->names : *of_server;
    if (rules.empty()) return user;
    auto own = std::make_shared<User>(*user);
    own->filesystem = filtered_filesystem(own->filesystem, rules);
    return own;
}

namespace {

Result<Admission> admit(Commons& commons, UserPtr user, const Login& login, Error& reason) {
    if ((user->tls_required || user->tls_login_required) && !login.secure) {
        reason = {Code::denied, 0, "this user may not log in without TLS"};
        return fail(Code::denied);
    }
    if (!user->hosts.empty() && std::ranges::find(user->hosts, login.host) == user->hosts.end()) {
        reason = {Code::denied, 0, "not a user of the host '" + login.host + "'"};
        return fail(Code::denied);
    }
    auto permit = commons.limits.user_session(*user);
    if (!permit) {
        reason = std::move(permit.error());
        return fail(Code::denied);
    }
    return Admission{with_names(commons, std::move(user)), std::move(*permit)};
}

// What somebody has to know to get in was not known. A server that could not find out is nobody's failure.
bool is_guess(Code reason) {
    return reason == Code::denied || reason == Code::not_found || reason == Code::name_not_allowed;
}

std::chrono::milliseconds delay_of(const LoginPolicy& policy, std::uint32_t failures) {
    const auto grown = policy.failure_delay * (std::int64_t{1} << std::min(failures, 20U));
    return std::max(policy.failure_delay, std::min<std::chrono::milliseconds>(grown, policy.longest_failure_delay));
}

// Asks who it is; `reason` says why the answer is a refusal.
net::Task<Result<Admission>> ask(Commons& commons, net::Loop& loop, const Login& login, Error& reason) {
    if (const UserPtr anonymous = *commons.anonymous.get();
        anonymous && is_anonymous_name(login.name) && !login.by_certificate) {
        co_return admit(commons, anonymous, login, reason);  // no secret, so nothing to compute: no worker is needed
    }
    auto answer = co_await commons.runtime.auth().run(loop, [&] { return commons.authenticators.authenticate(login); });
    if (answer.user) co_return admit(commons, std::move(*answer.user), login, reason);
    reason = std::move(answer.reason);
    co_return fail(Code::denied);
}

void tell_failure(Commons& commons, SessionInfo session, std::string name, Error reason) {
    commons.metrics.add(Metric::login_failures_total);
    commons.events.publish<event::LoginFailed>([&] {
        const std::string_view kind = name_of(reason.code);
        return event::LoginFailed{std::move(session), std::move(name),
                                  reason.message.empty() ? std::string(kind) : std::move(reason.message)};
    });
}

void count_guess(Commons& commons, const std::string& address, std::string_view name, net::TimePoint now) {
    if (!commons.bans.failed(address, name, now)) return;
    commons.metrics.add(Metric::bans_total);
    commons.log.warning("{} is banned: too many failed logins", address);
}

// What the bans know of the other end of a connection, and when a refusal there is to be answered.
struct Suspicion {
    std::string address;
    bool counted;
    net::TimePoint answer_at;
};

Suspicion suspicion_of(Commons& commons, net::Stream& connection, const SessionInfo& session) {
    const auto policy = commons.logins.get();
    const auto now = connection.loop().now();
    Suspicion of{Limits::address_key(session.peer), !any_contains(policy->never_ban, connection.peer()), now};
    of.answer_at += delay_of(*policy, of.counted ? commons.bans.failures(of.address, now) : 0);
    return of;
}

}  // namespace

net::Task<void> refuse_login(Commons& commons, net::Stream& connection, SessionInfo session, std::string name,
                             Error reason) {
    const Suspicion suspicion = suspicion_of(commons, connection, session);
    const bool guess = is_guess(reason.code);
    if (suspicion.counted && guess) count_guess(commons, suspicion.address, name, connection.loop().now());
    tell_failure(commons, std::move(session), std::move(name), std::move(reason));
    if (guess) co_await connection.pause_until(suspicion.answer_at);
}

Result<Admission> log_in_proven(Commons& commons, SessionInfo session, UserPtr user, bool secure) {
    Error reason;
    const std::string name = user->name;
    const Login proven{.name = name, .peer = session.peer, .protocol = session.protocol, .secure = secure};
    auto admission = admit(commons, std::move(user), proven, reason);
    if (admission) {
        commons.bans.succeeded(Limits::address_key(session.peer), name);
        commons.metrics.add(Metric::logins_total);
        session.user = name;
        commons.events.publish<event::LoggedIn>([&] { return event::LoggedIn{std::move(session)}; });
    } else {
        tell_failure(commons, std::move(session), name, std::move(reason));
    }
    return admission;
}

bool is_banned(Commons& commons, const net::Address& peer, net::TimePoint now) {
    return commons.bans.banned(Limits::address_key(peer.ip()), now).has_value() &&
           !any_contains(commons.logins.get()->never_ban, peer);
}

void tell_refused(Commons& commons, const SessionInfo& session, event::Refused::Why why, std::string reason) {
    commons.metrics.add(Metric::connections_refused_total);
    commons.events.publish<event::Refused>([&] { return event::Refused{session, why, std::move(reason)}; });
}

void tell_handshake(Commons& commons, SessionInfo& session, const net::TlsStream& tls, const Result<void>& done) {
    commons.metrics.add(done ? Metric::tls_handshakes_total : Metric::tls_failures_total);
    session.secure = done.has_value();
    commons.events.publish<event::TlsHandshake>([&] {
        event::TlsHandshake told{.session = session, .server_name = std::string(tls.server_name())};
        if (done) {
            told.version = tls.protocol();
            told.cipher = tls.cipher();
        } else {
            told.cause = done.error().code;
            told.reason = done.error().message;
        }
        return told;
    });
}

Result<Permit> admit_connection(Commons& commons, const SessionInfo& session, const net::Address& peer,
                                net::TimePoint now) {
    using enum event::Refused::Why;
    if (is_banned(commons, peer, now)) {
        tell_refused(commons, session, banned, "the address is banned");
        return fail(Code::denied);
    }
    auto permit = commons.limits.session(session.peer);
    if (!permit) {
        tell_refused(commons, session, commons.limits.is_full() ? sessions : address_sessions, permit.error().message);
    }
    return permit;
}

net::Task<Result<Admission>> log_in(Commons& commons, net::Stream& connection, SessionInfo session, Login login) {
    net::Loop& loop = connection.loop();
    const Suspicion suspicion = suspicion_of(commons, connection, session);
    Result<Admission> admission = fail(Code::denied);
    Error reason{Code::busy, 0, "the address is banned"};
    if (!suspicion.counted || !commons.bans.banned(suspicion.address, loop.now())) {
        admission = co_await ask(commons, loop, login, reason);
    }
    if (admission) {
        if (suspicion.counted) commons.bans.succeeded(suspicion.address, login.name);
        commons.metrics.add(Metric::logins_total);
        session.user = admission->user->name;
        if (admission->user->extra) session.extra = admission->user->extra;
        commons.events.publish<event::LoggedIn>([&] { return event::LoggedIn{std::move(session)}; });
        co_return admission;
    }
    if (suspicion.counted && is_guess(reason.code)) {
        count_guess(commons, suspicion.address, login.name, loop.now());
    }
    tell_failure(commons, std::move(session), std::move(login.name), std::move(reason));
    co_await connection.pause_until(suspicion.answer_at);
    co_return fail(Code::denied, "login incorrect");
}

}  // namespace wherry
