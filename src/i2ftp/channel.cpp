#include "i2ftp/channel.h"

#include "i2ftp/frame.h"

namespace wherry::i2ftp {

Channel::Channel(View key, std::size_t largest, Random& random, Deframer::Tails tails)
    : key_(key.begin(), key.end()), random_(&random), deframer_(key, largest, tails) {}

std::optional<Received> Channel::next(View& input) {
    auto received = deframer_.next(input);
    if (received && received->kind == Received::Kind::message && coder_) {
        coder_->reset();
        coder_->decode(received->body);
    }
    return received;
}

void Channel::send(Bytes& out, std::span<Byte> body) {
    if (coder_) {
        coder_->reset();
        coder_->encode(body);
    }
    append_frames(out, body, key_, random_->byte());
}

void Channel::send(Bytes& out, std::string_view body) {
    Bytes copy(view(body).begin(), view(body).end());
    send(out, copy);
}

void Channel::start_coding(View session_key) { coder_ = std::make_unique<Iccode>(session_key, Iccode::session_level); }

}  // namespace wherry::i2ftp
