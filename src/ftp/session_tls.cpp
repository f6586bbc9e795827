// TLS of a session: from clear to TLS on the control connection and back, and TLS on the data connections.
#include "access/login.h"
#include "core/text.h"
#include "ftp/server.h"
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

constexpr std::chrono::seconds last_words{10};  // for the last replies to be taken
constexpr std::chrono::hours ticket_renewal{24};
// Below this, giving keys to the kernel costs more than it spares.
constexpr std::uint64_t kernel_worthwhile = 256 * 1024;

// Who shows a certificate on both connections has to show the same one.
bool same_client(const net::TlsStream& control, const net::TlsStream& data) {
    return control.certificate() == nullptr || data.certificate() == nullptr ||
           control.certificate()->fingerprint == data.certificate()->fingerprint;
}

}  // namespace

Protection Session::control_rule() const noexcept {
    return door_.tls_required || door_.implicit_tls ? Protection::required : tls_rules().control;
}

Protection Session::data_rule() const noexcept {
    const Protection rule = tls_rules().data;
    return door_.tls_required && rule == Protection::optional ? Protection::required : rule;
}

bool Session::tls_offered() const { return control_rule() != Protection::clear && server_.tls() != nullptr; }

bool Session::control_must_be_secured() const noexcept {
    return tls_ == nullptr && control_rule() == Protection::required;
}

bool Session::data_must_be_secured() const noexcept {
    return data_rule() == Protection::required || (workspace_ != nullptr && workspace_->user().tls_required);
}

net::Task<bool> Session::secure_control() {
    tls_context_ = server_.tls();
    // What came after AUTH in clear is nobody's word (CVE-2011-0411), nor is what was said before it: USER, CWD, REST.
    fresh_ = {};
    stash_.clear();
    queue_.clear();
    splitter_.clear();
    log_out();
    reset_parameters();
    control_->set_deadline(loop_.now() + tls_rules().handshake_timeout);
    send_now();
    co_await senders_.join();
    control_->clear_deadline();  // below TLS it would go on running
    if (ending_ || tls_context_ == nullptr) co_return false;
    tls_binding_ = net::random_tls_binding();
    auto tls =
        std::make_unique<net::TlsStream>(std::move(control_), tls_context_,
                                         net::TlsUse{.binding = tls_binding_, .read_ahead = !tls_rules().clear_again});
    tls_ = tls.get();
    control_ = std::move(tls);
    control_->set_deadline(loop_.now() + tls_rules().handshake_timeout);
    const auto done = co_await tls_->handshake();
    control_->clear_deadline();
    tell_handshake(commons_, info_, *tls_, done);
    if (!done) {
        if (!ending_) cause_ = done.error().code;
        ending_ = true;
        co_return false;
    }
    entry_.set_info(info_);
    ticket_due_ = loop_.now() + ticket_renewal;
    if (door_.implicit_tls) data_secured = data_rule() != Protection::clear;
    co_return !ending_;
}

net::Task<void> Session::clear_control() {
    control_->set_deadline(loop_.now() + tls_rules().handshake_timeout);
    send_now();
    co_await senders_.join();
    net::Io io = co_await control_->say_end();
    // Up to the client's own close_notify; what it still says under TLS was said too late.
    while (io.ok() && !ending_) {
        io = co_await control_->read(loop_.scratch());
        if (io.ok() && io.bytes == 0) break;
    }
    fresh_ = {};
    queue_.clear();
    splitter_.clear();
    if (ending_ || !io.ok()) {
        ending_ = true;
        co_return;
    }
    auto clear = tls_->release();
    tls_ = nullptr;
    control_ = std::move(clear);
    info_.secure = false;
    entry_.set_info(info_);
}

// A ticket of TLS 1.3 is good for a week (RFC 8446 4.6.1), and a session may live longer. The reply to whatever the
// client has just sent brings it a new one, before it can make a data connection.
void Session::renew_ticket() noexcept {
    if (tls_ == nullptr || loop_.now() < ticket_due_) return;
    tls_->issue_ticket();
    ticket_due_ = loop_.now() + ticket_renewal;
}

bool Session::must_resume() const noexcept {
    return tls_rules().reuse == TlsReuse::require || (workspace_ != nullptr && workspace_->user().tls_reuse_required);
}

// Only a file that goes out as it is can stay in the kernel all the way.
bool Session::kernel_may_encrypt() const {
    return running_ != nullptr && running_->direction() == Transfer::Direction::download && !compressed &&
           encoding == Encoding::image && running_->size() - running_->offset() >= kernel_worthwhile;
}

net::Task<net::StreamPtr> Session::secure_data(net::StreamPtr plain) {
    const TlsRules& rules = tls_rules();
    auto stream = std::make_unique<net::TlsStream>(std::move(plain), tls_context_,
                                                   net::TlsUse{.kind = net::TlsUse::Kind::data,
                                                               .binding = tls_binding_,
                                                               .lenient_end = rules.lenient_end,
                                                               .kernel = kernel_may_encrypt()});
    data_.attach(stream.get());
    stream->set_deadline(loop_.now() + rules.handshake_timeout);
    auto done = co_await stream->handshake();
    stream->clear_deadline();
    commons_.metrics.add(done ? Metric::tls_handshakes_total : Metric::tls_failures_total);
    if (stream->by_kernel()) commons_.metrics.add(Metric::tls_kernel_total);
    if (done && stream->resumed()) {
        commons_.metrics.add(Metric::tls_resumed_total);
        if (tls_ != nullptr) tls_->issue_ticket();
    } else if (done && must_resume()) {
        done = fail(Code::denied, "a data connection did not resume the TLS session of its control connection");
    } else if (done && tls_ != nullptr && !same_client(*tls_, *stream)) {
        done = fail(Code::denied, "a data connection came with another certificate than its control connection");
    }
    if (done) co_return stream;
    data_.attach(nullptr);
    commons_.log.info("[{} {}] {}", info_.id, info_.peer, for_log(done.error().message));
    if (stream->cause() == Code::aborted) {
        reply(426, "Transfer aborted");
    } else if (done.error().code == Code::denied) {
        reply(522,
              "The data connection must resume the TLS session of the control connection, or prove the same client");
    } else {
        reply(522, "TLS on the data connection failed");
    }
    co_return nullptr;
}

net::Task<void> Session::say_goodbye() {
    if (control_->cause() == Code::ok) control_->set_deadline(loop_.now() + last_words);
    send_now();
    co_await senders_.join();
    if (control_->is_secure()) co_await control_->say_end();
    if (control_->cause() == Code::ok && control_->has_unread()) co_await control_->close_gently();
}

}  // namespace wherry::ftp
