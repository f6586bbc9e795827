// What a session may use up and how it speaks: the part of Session that looks at settings and limits.
#include <algorithm>

#include "access/login.h"
#include "ftp/server.h"
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

constexpr std::size_t ahead_limit = 16 * 1024;  // bytes of commands for which the queue has no room

}  // namespace

// Whether the client's address may have a session, as far as one can tell before anybody has logged in.
bool Session::admit_address() {
    auto permit = admit_connection(commons_, info_, control_->peer(), loop_.now());
    if (!permit) {
        const bool banned = permit.error().code == Code::denied;
        reply(Reply::of_lines(
            421, banned ? "Too many failed logins from your address, try again later" : settings().busy_message));
        return false;
    }
    permit_ = std::move(*permit);
    return true;
}

bool Session::use_utf8(bool on) {
    const Settings& rules = settings();
    const auto reached = [this](const net::Address& one) {
        const net::Address local = control_->local();
        return one.port() == local.port() && (one.is_unspecified() || one.same_host(local));
    };
    const bool here =
        !rules.charset.empty() && (rules.charset_listen.empty() || std::ranges::any_of(rules.charset_listen, reached));
    charset_.reset();
    if (on || !here) return on;
    auto charset = Charset::open(rules.charset);  // was tried when the configuration was read
    if (charset) charset_ = std::move(*charset);
    return charset.has_value();
}

// Zero: none.
net::Duration Session::idle_timeout() const {
    const auto own = logged_in() ? workspace_->user().limits.idle_timeout : std::chrono::seconds(0);
    if (own == UserLimits::any_time) return net::Duration(0);
    return own.count() > 0 ? own : settings().idle_timeout;
}

net::Duration Session::stall_timeout() const {
    constexpr std::chrono::hours as_good_as_never{24 * 365};  // a deadline has to be a time
    const auto own = logged_in() ? workspace_->user().limits.stall_timeout : std::chrono::seconds(0);
    if (own == UserLimits::any_time) return as_good_as_never;
    return own.count() > 0 ? own : settings().stall_timeout;
}

net::Task<Result<net::Address>> Session::announced_address(net::Address own) {
    const Settings& rules = settings();
    if (const auto shown = announced_by_rule(rules, control_->peer(), own)) co_return *shown;
    if (!rules.nat_resolver && rules.nat_host.empty()) co_return own;
    auto found = co_await server_.nat().ask(loop_, rules, {info_.peer, own.ip(), info_.user});
    if (found || !rules.nat_address) co_return found;
    commons_.log.warning("[{} {}] {}; announcing ftp.nat_address", info_.id, info_.peer, found.error().message);
    co_return *rules.nat_address;
}

bool Session::aborts(const Row* row, std::string_view argument) const {
    return row != nullptr && row->waiting == &abor && (argument.empty() || !settings().strict);
}

void Session::hear_abort(std::string_view come) {
    while (const auto line = ahead_->next(come)) {
        const auto parsed = parse_command_line(line->text);
        if (parsed && aborts(find(table().commands(), parsed->verb), parsed->argument)) interrupt(Code::aborted);
    }
}

// The queue is full and nothing more is taken, but what comes is looked at as far as there is room for it: an ABOR has
// to be heard while there is something to abort, and so has the end of the connection. False when that has come.
net::Task<bool> Session::look_ahead() {
    ahead_.emplace(splitter_);
    stash_ = std::string(fresh_);
    fresh_ = stash_;
    hear_abort(fresh_);
    while (transferring() && !ending_ && stash_.size() < ahead_limit) {
        const auto room = loop_.scratch().first(ahead_limit - stash_.size());
        const net::Io io = control_->try_read(room);
        if (io.would_block()) {
            co_await control_->wait(io.needs);
            continue;
        }
        if (!io.ok() || io.bytes == 0) {
            if (!ending_) cause_ = io.ok() ? Code::closed : io.code;
            co_return false;
        }
        const std::string_view come(reinterpret_cast<const char*>(room.data()), io.bytes);
        stash_ += come;
        fresh_ = stash_;
        touch();
        hear_abort(come);
    }
    if (transferring()) co_await transfers_.join();
    ahead_.reset();
    co_return true;
}

// Commands above the rate are not refused, they wait, and with them whatever the client sends: it is not read.
net::Task<void> Session::keep_pace() {
    const std::uint32_t rate = commons_.limits.commands_per_second(logged_in() ? &workspace_->user() : nullptr);
    if (rate == 0 && pace_.unlimited()) co_return;
    if (rate != pace_.rate()) pace_ = TokenBucket(rate, rate);
    const auto wait = pace_.delay(1, loop_.now());
    if (wait > std::chrono::nanoseconds(0)) co_await control_->pause_until(loop_.now() + wait);
}

}  // namespace wherry::ftp
