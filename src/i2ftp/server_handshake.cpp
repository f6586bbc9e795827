#include <algorithm>
#include <array>

#include "i2ftp/handshake.h"

namespace wherry::i2ftp {
namespace {

constexpr std::string_view plain_flag = "AUTHENTICATION_ONLY\a";
constexpr std::string_view secured_flag = "SECURED_SESSION_KEY_REQUIRED\a";
constexpr std::string_view coder_ready = "CODER READY";
constexpr std::size_t agreement_size = 2;  // "OK"; as the original, whatever the two bytes are

}  // namespace

ServerHandshake::ServerHandshake(const KeyRing& ring, const Options& options, Random& random, Judge* judge)
    : ring_(ring), options_(options), random_(random), judge_(judge), state_(State::preauth) {
    if (options_.preauth == Preauth::off) {
        spoke_first_ = old_client_ = true;
        challenge();
    }
}

void ServerHandshake::refuse(const char* reason) {
    state_ = State::failed;
    reason_ = reason;
}

void ServerHandshake::challenge() {
    random_.fill(challenge_);
    append(out_, View(challenge_));
    state_ = State::answer;
}

void ServerHandshake::silence() {
    if (state_ != State::preauth || options_.preauth != Preauth::automatic || !got_.empty()) return;
    spoke_first_ = old_client_ = true;
    challenge();
}

bool ServerHandshake::collect(View& input, std::size_t wanted) {
    const std::size_t taken = std::min(input.size(), wanted - got_.size());
    append(got_, input.first(taken));
    input = input.subspan(taken);
    return got_.size() == wanted;
}

void ServerHandshake::feed(View& input, double unix_time) {
    for (;;) {
        switch (state_) {
            case State::preauth:
                if (!collect(input, sizeof(Token16))) return;
                on_preauth(unix_time);
                break;
            case State::answer:
                // A slow new client, taken for an old one: its 16 bytes come first all the same.
                if (old_client_ && options_.preauth == Preauth::automatic && got_.size() < sizeof(Token16)) {
                    if (!collect(input, sizeof(Token16))) return;
                    Token16 token;
                    std::copy(got_.begin(), got_.end(), token.begin());
                    if (ring_.match(token, unix_time)) {
                        on_preauth(unix_time);
                        break;
                    }
                }
                if (!collect(input, sizeof(Token64))) return;
                on_answer(unix_time);
                break;
            case State::agreement:
                if (!collect(input, agreement_size)) return;
                on_agreement();
                break;
            case State::block:
                on_message(input);
                if (state_ == State::block) return;
                break;
            case State::decrypting:
            case State::done:
            case State::failed: return;
        }
    }
}

void ServerHandshake::on_preauth(double unix_time) {
    Token16 token;
    std::copy(got_.begin(), got_.end(), token.begin());
    got_.clear();
    token16_ = token;
    old_client_ = false;
    match_ = ring_.match(token, unix_time);
    wrong_key_ = !match_;
    if (!match_) return refuse("the first 16 bytes were made with another key, or by a clock that is wrong");
    if (judge_ != nullptr && !judge_->admit(token)) return refuse("the first 16 bytes are used over and over");
    if (spoke_first_) {
        state_ = State::answer;
    } else {
        challenge();
    }
}

void ServerHandshake::on_answer(double unix_time) {
    Token64 answer;
    std::copy(got_.begin(), got_.end(), answer.begin());
    got_.clear();
    const auto claimed = match_;
    match_ = claimed ? ring_.match(claimed->key, challenge_, answer, unix_time)
                     : ring_.match_any(challenge_, answer, unix_time);
    wrong_key_ = !match_;
    if (!match_) return refuse("the answer to the challenge was wrong");
    if (judge_ != nullptr && !judge_->accept(answer)) return refuse("the answer to the challenge was used before");
    proven_ = true;
    append(out_, version);
    state_ = State::agreement;
}

void ServerHandshake::on_agreement() {
    got_.clear();
    channel_.emplace(ring_.key(match_->key), options_.largest_message, random_);
    if (options_.rsa == nullptr) {
        channel_->send(out_, plain_flag);
        state_ = State::done;
    } else {
        channel_->send(out_, std::string(secured_flag) + options_.rsa->public_pem());
        state_ = State::block;
    }
}

void ServerHandshake::on_message(View& input) {
    while (auto received = channel_->next(input)) {
        if (received->kind == Received::Kind::heartbeat) continue;
        if (received->kind != Received::Kind::message) return refuse("the session key came in a broken frame");
        block_ = std::move(received->body);
        state_ = State::decrypting;
        return;
    }
}

void ServerHandshake::decrypted(View session_key) {
    channel_->send(out_, coder_ready);
    channel_->start_coding(session_key);
    state_ = State::done;
}

}  // namespace wherry::i2ftp
