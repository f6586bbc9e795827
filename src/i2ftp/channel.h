#pragma once
// Channel: messages in and out of one I2TCP connection, plain or coded. Pure: bytes in, bytes out.
#include <cstddef>
#include <memory>
#include <optional>

#include "i2ftp/bytes.h"
#include "i2ftp/deframer.h"
#include "i2ftp/iccode.h"
#include "i2ftp/random.h"

namespace wherry::i2ftp {

class Channel {
public:
    // `largest`: of a message that is received. `random` gives the ids of messages.
    Channel(View key, std::size_t largest, Random& random, Deframer::Tails tails = Deframer::Tails::drop);

    // The next thing that has come, decoded; nullopt: all of `input` is taken and more is needed.
    std::optional<Received> next(View& input);
    // Appends a message to what is to be sent. `body` is coded in place if this channel is.
    void send(Bytes& out, std::span<Byte> body);
    void send(Bytes& out, std::string_view body);
    // From here on all messages are coded, both ways. The key has at least Iccode::least_key bytes.
    void start_coding(View session_key);
    bool coded() const noexcept { return coder_ != nullptr; }
    bool in_the_middle() const noexcept { return deframer_.in_the_middle(); }

private:
    Bytes key_;
    Random* random_;
    Deframer deframer_;
    std::unique_ptr<Iccode> coder_;
};

}  // namespace wherry::i2ftp
