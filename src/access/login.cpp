#include "access/login.h"

#include <algorithm>

#include "auth/anonymous.h"
#include "core/text.h"

namespace wherry {
namespace {

Result<Admission> admit(Commons& commons, UserPtr user, const std::string& host, Error& reason) {
    if (!user->hosts.empty() && std::ranges::find(user->hosts, host) == user->hosts.end()) {
        reason = {Code::denied, 0, "not a user of the host '" + host + "'"};
        return fail(Code::denied);
    }
    auto permit = commons.limits.user_session(user->name, user->limits.sessions);
    if (!permit) {
        reason = std::move(permit.error());
        return fail(Code::denied);
    }
    return Admission{std::move(user), std::move(*permit)};
}

}  // namespace

net::Task<Result<Admission>> log_in(Commons& commons, net::Stream& connection, SessionInfo session, Login login) {
    net::Loop& loop = connection.loop();
    const auto answer_at = loop.now() + commons.logins.failure_delay;
    Result<Admission> admission = fail(Code::denied);
    Error reason;
    if (commons.anonymous && is_anonymous_name(login.name)) {
        // No secret, so nothing to compute: no worker is needed.
        admission = admit(commons, commons.anonymous, login.host, reason);
    } else {
        auto answer =
            co_await commons.runtime.auth().run(loop, [&] { return commons.authenticators.authenticate(login); });
        if (answer.user) {
            admission = admit(commons, std::move(*answer.user), login.host, reason);
        } else {
            reason = std::move(answer.reason);
        }
    }
    if (admission) {
        commons.metrics.add(Metric::logins_total);
        session.user = admission->user->name;
        if (admission->user->extra) session.extra = admission->user->extra;
        commons.events.publish<event::LoggedIn>([&] { return event::LoggedIn{std::move(session)}; });
        co_return admission;
    }
    commons.metrics.add(Metric::login_failures_total);
    commons.events.publish<event::LoginFailed>([&] {
        const std::string_view kind = name_of(reason.code);
        return event::LoginFailed{std::move(session), std::move(login.name),
                                  reason.message.empty() ? std::string(kind) : std::move(reason.message)};
    });
    co_await connection.pause_until(answer_at);
    co_return fail(Code::denied, "login incorrect");
}

}  // namespace wherry
