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
        reply(530, count_failed_login() ? "Login incorrect, closing connection" : "Login incorrect");
        co_return;
    }
    co_await come_in(std::move(*admission), 230);
}

net::Task<void> Session::come_in(Admission admission, int code) {
    user_permit_ = std::move(admission.permit);
    data_.allow_foreign(admission.user->foreign_addresses);
    info_.user = admission.user->name;
    if (admission.user->extra) info_.extra = admission.user->extra;
    entry_.set_info(info_);
    cwd = admission.user->start;
    workspace_ = std::make_unique<Workspace>(commons_, loop_, std::move(admission.user), info_);
    on_timer();  // the user may have an idle time of its own
    reply(Reply::of_lines(code, co_await login_text()));
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
    co_await come_in(std::move(*admission), 232);
    co_return true;
}

}  // namespace wherry::ftp
