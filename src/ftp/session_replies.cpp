// The half of a session that speaks: replies of a turn leave together, and what the client does not take waits here.
#include "core/text.h"
#include "ftp/session.h"

namespace wherry::ftp {

void Session::reply(const Reply& reply) {
    last_code_ = reply.code();
    if (charset_) {
        std::string text;
        reply.append_to(text);
        out_ += to_client(text);
    } else {
        reply.append_to(out_);
    }
    loop_.at_end_of_turn(*this);
}

void Session::refuse(const Error& error) {
    if (error.code == Code::io || error.code == Code::internal) {
        commons_.log.warning("[{} {}] {}", info_.id, info_.peer, for_log(error.message));
    }
    reply(reply_for(error));
}

void Session::end_of_turn() { send_now(); }

void Session::send_now() {
    if (out_.empty() || !senders_.empty()) return;
    const net::Io io = control_->try_write(std::as_bytes(std::span(out_)));
    if (io.ok() && io.bytes == out_.size()) {
        out_.clear();
        return;
    }
    if (io.ok()) out_.erase(0, io.bytes);
    if (io.ok() || io.would_block()) {
        senders_.start(send_rest());
    } else {
        out_.clear();  // nobody is there any more; reading finds that out
    }
}

net::Task<void> Session::send_rest() {
    while (!out_.empty()) {
        const net::Io io = control_->try_write(std::as_bytes(std::span(out_)));
        if (io.would_block()) {
            co_await control_->wait(net::Io::Needs::write);
        } else if (io.ok()) {
            out_.erase(0, io.bytes);
        } else {
            out_.clear();
        }
    }
}

}  // namespace wherry::ftp
