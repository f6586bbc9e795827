// How a session gets its user: by a password, or by the client's certificate.
#include "access/login.h"
#include "ftp/session.h"

namespace wherry::ftp {

net::Task<void> Session::log_in(Password password) {
    password_due = false;
    Login login{.name = login_name,
                .password = std::move(password),
                .peer = info_.peer,
                .protocol = "ftp",
                .secure = control_->is_secure(),
                .host = host,
                .certificate = tls_ != nullptr ? tls_->certificate() : nullptr};
    auto admission = co_await wherry::log_in(commons_, *control_, info_, std::move(login));
    if (!admission) {
        if (++failed_logins_ >= commons_.logins.get()->attempts || is_banned(commons_, control_->peer(), loop_.now())) {
            reply(530, "Login incorrect, closing connection");
            ending_ = true;
        } else {
            reply(530, "Login incorrect");
        }
        co_return;
    }
    welcome(std::move(*admission), 230);
}

void Session::welcome(Admission admission, int code) {
    user_permit_ = std::move(admission.permit);
    data_.allow_foreign(admission.user->foreign_addresses);
    info_.user = admission.user->name;
    entry_.set_user(info_.user);
    cwd = admission.user->start;
    const std::string& message = admission.user->login_message;
    workspace_ = std::make_unique<Workspace>(commons_, loop_, std::move(admission.user), info_);
    on_timer();  // the user may have an idle time of its own
    reply(Reply::of_lines(code, message.empty() ? settings().login_message : message));
}

net::Task<bool> Session::log_in_by_certificate() {
    const CertificateRule& rule = tls_rules().certificate_rule;
    const auto certificate = tls_ != nullptr ? tls_->certificate() : nullptr;
    if (!rule || !certificate) co_return false;
    const auto allowed =
        co_await commons_.runtime.auth().run(loop_, [&]() -> Result<bool> { return rule(*certificate, login_name); });
    if (!allowed)
        commons_.log.error("[{} {}] the rule of certificates: {}", info_.id, info_.peer, allowed.error().message);
    if (!allowed || !*allowed) co_return false;
    Login login{.name = login_name,
                .peer = info_.peer,
                .protocol = "ftp",
                .secure = true,
                .host = host,
                .certificate = certificate,
                .by_certificate = true};
    auto admission = co_await wherry::log_in(commons_, *control_, info_, std::move(login));
    if (!admission) co_return false;
    welcome(std::move(*admission), 232);
    co_return true;
}

}  // namespace wherry::ftp
