// The part of Session where the embedder is asked. Each function runs on a lane, knows the session from a description
// of it, and what it throws is a local error.
#include <utility>

#include "access/login.h"
#include "core/text.h"
#include "ftp/server.h"
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

constexpr int lowest_code = 200;
constexpr int highest_code = 599;

}  // namespace

FtpCall Session::describe(std::string_view verb, std::string_view argument) const {
    return {.session = info_,
            .user = logged_in() ? workspace_->shared_user() : nullptr,
            .directory = cwd,
            .verb = std::string(verb),
            .argument = std::string(argument)};
}

// The greeting, or the refusal of the connection.
net::Task<bool> Session::welcome() {
    const auto& receive = server_.hooks().greeting;
    if (!receive) {
        reply(Reply::of_lines(220, settings().greeting));
        co_return true;
    }
    // Strangers must not keep the workers of the disk lane busy.
    auto given = co_await commons_.runtime.auth().run(loop_, [&]() -> Result<FtpWelcome> { return receive(info_); });
    if (ending_) co_return false;
    if (!given) {
        commons_.log.error("[{} {}] greeting: {}", info_.id, info_.peer, for_log(given.error().message));
        reply(421, "Local error in processing");
        co_return false;
    }
    if (!given->admitted) {
        tell_refused(commons_, info_, event::Refused::Why::program, "the greeting refused it: " + given->text);
        reply(Reply::of_lines(421, given->text.empty() ? "Service not available" : given->text));
        co_return false;
    }
    info_.extra = own_extra_ = std::move(given->extra);
    entry_.set_info(info_);
    reply(Reply::of_lines(220, given->text.empty() ? settings().greeting : given->text));
    co_return true;
}

bool Session::count_failed_login() {
    if (++failed_logins_ >= commons_.logins.get()->attempts || is_banned(commons_, control_->peer(), loop_.now())) {
        ending_ = true;
    }
    return ending_;
}

net::Task<bool> Session::takes_name(std::string_view name) {
    const auto& decide = server_.hooks().allow_name;
    if (!decide) co_return true;
    const std::string text(name);
    auto verdict =
        co_await commons_.runtime.auth().run(loop_, [&]() -> Result<Verdict> { return decide(info_, text); });
    if (!verdict) {
        commons_.log.error("[{} {}] allow_name: {}", info_.id, info_.peer, for_log(verdict.error().message));
        reply(451, "Local error in processing");
        co_return false;
    }
    if (verdict->allowed) co_return true;
    commons_.metrics.add(Metric::login_failures_total);
    commons_.events.publish<event::LoginFailed>(
        [&] { return event::LoginFailed{info_, text, "the name was refused: " + verdict->reason}; });
    reply(530, verdict->reason.empty() ? "This name is not accepted" : verdict->reason);
    count_failed_login();
    co_return false;
}

net::Task<std::string> Session::login_text() {
    const UserPtr who = workspace_->shared_user();
    if (const auto& tell = server_.hooks().login_message) {
        auto text =
            co_await commons_.runtime.disk().run(loop_, [&]() -> Result<std::string> { return tell(info_, *who); });
        if (text && !text->empty()) co_return std::move(*text);
        if (!text) commons_.log.error("[{} {}] login_message: {}", info_.id, info_.peer, for_log(text.error().message));
    }
    co_return who->login_message.empty() ? settings().login_message : who->login_message;
}

net::Task<std::string> Session::quit_text() {
    if (const auto& tell = server_.hooks().quit_message) {
        auto text = co_await commons_.runtime.auth().run(loop_, [&]() -> Result<std::string> { return tell(info_); });
        if (text && !text->empty()) co_return std::move(*text);
        if (!text) commons_.log.error("[{} {}] quit_message: {}", info_.id, info_.peer, for_log(text.error().message));
    }
    const bool own = logged_in() && !workspace_->user().quit_message.empty();
    co_return own ? workspace_->user().quit_message : settings().quit_message;
}

void Session::answer(std::string_view verb, const Result<FtpReply>& given) {
    if (!given) {
        commons_.log.error("[{} {}] {}: {}", info_.id, info_.peer, verb, for_log(given.error().message));
        return reply(451, "Local error in processing");
    }
    if (given->code < lowest_code || given->code > highest_code) {
        commons_.log.error("[{} {}] {}: its function answered with the code {}", info_.id, info_.peer, verb,
                           given->code);
        return reply(451, "Local error in processing");
    }
    reply(Reply::of_lines(given->code, given->text));
    if (given->close) close_after_replies();
}

net::Task<bool> Session::is_held_back(const CommandLine& line, const Row* row) {
    const auto& decide = server_.hooks().before_command;
    const bool is_secret = row != nullptr && row->has(secret);
    const FtpCall call = describe(line.verb, is_secret ? "****" : std::string_view(line.argument));
    auto given =
        co_await commons_.runtime.disk().run(loop_, [&]() -> Result<std::optional<FtpReply>> { return decide(call); });
    if (ending_) co_return true;
    if (given && !*given) co_return false;
    answer(line.verb, given ? Result<FtpReply>(std::move(**given)) : std::unexpected(std::move(given.error())));
    if (row != nullptr && row->has(channel)) take_range();
    if (row != nullptr) tell(*row, line.argument);
    co_return true;
}

net::Task<void> Session::run_own(const OwnCommand& command, std::string_view argument) {
    const char letter = command.row.permission;
    if (letter != '\0' && !workspace_->may(cwd, letter)) co_return reply(reply_for(Code::denied));
    if (command.row.slow && !command.row.data) begin_work(command.row.verb);
    const FtpCall call = describe(command.row.verb, argument);
    const auto given =
        co_await commons_.runtime.disk().run(loop_, [&]() -> Result<FtpReply> { return command.run(call); });
    if (given && (given->send || given->receive)) co_return co_await move_own(command, *given);
    answer(command.row.verb, given);
}

}  // namespace wherry::ftp
