#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"
#include "i2ftp/dyn_key.h"
#include "i2ftp/handshake.h"

namespace wherry::i2ftp {
namespace {

constexpr std::string_view agreement = "OK";
constexpr std::string_view plain_flag = "AUTHENTICATION_ONLY";
constexpr std::string_view secured_flag = "SECURED_SESSION_KEY_REQUIRED";
constexpr std::string_view coder_ready = "CODER READY";
constexpr std::size_t session_key_size = 64;

}  // namespace

ClientHandshake::ClientHandshake(const SharedKey& key, const Options& options, Random& random)
    : key_(key), options_(options), random_(random) {}

void ClientHandshake::refuse(std::string reason) {
    state_ = State::failed;
    reason_ = std::move(reason);
}

void ClientHandshake::begin(double unix_time) {
    if (!options_.preauth) return;
    const auto token = t16(preauth_secret(view(key_.bytes())), t16_window(unix_time));
    if (!token) return refuse("the clock of this machine stands before 1970");
    append(out_, View(*token));
}

bool ClientHandshake::collect(View& input, std::size_t wanted) {
    const std::size_t taken = std::min(input.size(), wanted - got_.size());
    append(got_, input.first(taken));
    input = input.subspan(taken);
    return got_.size() == wanted;
}

void ClientHandshake::feed(View& input, double unix_time) {
    const View key = view(key_.bytes());
    if (state_ == State::challenge && collect(input, sizeof(Token64))) {
        Token64 challenge;
        std::copy(got_.begin(), got_.end(), challenge.begin());
        got_.clear();
        append(out_, View(masked_token(key, challenge, t64_window(unix_time))));
        state_ = State::version;
    }
    if (state_ == State::version && collect(input, version.size())) {
        if (text(got_) != version) return refuse("the server speaks another version: " + for_log(text(got_)));
        got_.clear();
        append(out_, agreement);
        accepted_ = true;
        channel_.emplace(key, options_.largest_message, random_);
        state_ = State::flag;
    }
    if (state_ == State::flag || state_ == State::ready) on_message(input);
}

void ClientHandshake::on_message(View& input) {
    while (state_ == State::flag || state_ == State::ready) {
        const auto received = channel_->next(input);
        if (!received) return;
        if (received->kind == Received::Kind::heartbeat) continue;
        if (received->kind != Received::Kind::message) return refuse("the server sent a broken frame");
        if (state_ == State::flag) {
            on_flag(text(received->body));
        } else if (text(received->body) == coder_ready) {
            channel_->start_coding(session_key_);
            std::fill(session_key_.begin(), session_key_.end(), Byte{0});
            state_ = State::done;
        } else {
            refuse("the server did not take the session key");
        }
    }
}

void ClientHandshake::on_flag(std::string_view message) {
    const std::string_view flag = message.substr(0, message.find('\a'));
    if (flag == plain_flag) {
        state_ = State::done;
        return;
    }
    if (flag != secured_flag || flag.size() == message.size()) return refuse("the server began in an unknown way");
    session_key_.resize(session_key_size);
    random_.fill(session_key_);
    auto block = rsa_seal(message.substr(flag.size() + 1), session_key_, random_);
    if (!block) return refuse(block.error().message);
    channel_->send(out_, *block);
    secured_ = true;
    state_ = State::ready;
}

}  // namespace wherry::i2ftp
