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

}  // namespace

void tell_failed_login(Commons& commons, SessionInfo session, std::string name, std::string reason) {
    commons.metrics.add(Metric::login_failures_total);
    commons.events.publish<event::LoginFailed>(
        [&] { return event::LoginFailed{std::move(session), std::move(name), std::move(reason)}; });
}

Result<Admission> log_in_proven(Commons& commons, SessionInfo session, UserPtr user) {
    Error reason;
    const std::string name = user->name;
    const Login proven{.name = name, .peer = session.peer, .protocol = session.protocol};
    auto admission = admit(commons, std::move(user), proven, reason);
    if (admission) {
        commons.metrics.add(Metric::logins_total);
        session.user = name;
        commons.events.publish<event::LoggedIn>([&] { return event::LoggedIn{std::move(session)}; });
    } else {
        tell_failed_login(commons, std::move(session), name, std::move(reason.message));
    }
    return admission;
}

bool is_banned(Commons& commons, const net::Address& peer, net::TimePoint now) {
    return commons.bans.banned(Limits::address_key(peer.ip()), now).has_value() &&
           !any_contains(commons.logins.get()->never_ban, peer);
}

net::Task<Result<Admission>> log_in(Commons& commons, net::Stream& connection, SessionInfo session, Login login) {
    net::Loop& loop = connection.loop();
    const auto policy = commons.logins.get();
    const std::string address = Limits::address_key(session.peer);
    const bool counted = !any_contains(policy->never_ban, connection.peer());
    const auto answer_at = loop.now() + delay_of(*policy, counted ? commons.bans.failures(address, loop.now()) : 0);
    Result<Admission> admission = fail(Code::denied);
    Error reason{Code::busy, 0, "the address is banned"};
    if (!counted || !commons.bans.banned(address, loop.now())) {
        admission = co_await ask(commons, loop, login, reason);
    }
    if (admission) {
        if (counted) commons.bans.succeeded(address, login.name);
        commons.metrics.add(Metric::logins_total);
        session.user = admission->user->name;
        if (admission->user->extra) session.extra = admission->user->extra;
        commons.events.publish<event::LoggedIn>([&] { return event::LoggedIn{std::move(session)}; });
        co_return admission;
    }
    commons.metrics.add(Metric::login_failures_total);
    if (counted && is_guess(reason.code) && commons.bans.failed(address, login.name, loop.now())) {
        commons.metrics.add(Metric::bans_total);
        commons.log.warning("{} is banned: too many failed logins", address);
    }
    commons.events.publish<event::LoginFailed>([&] {
        const std::string_view kind = name_of(reason.code);
        return event::LoginFailed{std::move(session), std::move(login.name),
                                  reason.message.empty() ? std::string(kind) : std::move(reason.message)};
    });
    co_await connection.pause_until(answer_at);
    co_return fail(Code::denied, "login incorrect");
}

}  // namespace wherry
