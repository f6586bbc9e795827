#pragma once
// Deframer: messages out of a stream of bytes that may be cut anywhere, damaged, or made by an enemy. No input makes it
// fail; what is wrong is dropped and told, and the next good frame is found (docs/i2ftp.md, "Receiving").
//
// The sums of frames are looked at in batches, so that they can be computed side by side; nothing of a message is given
// out before all of its frames were found right. Belongs to one thread.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "i2ftp/bytes.h"
#include "i2ftp/frame.h"
#include "i2ftp/md5.h"

namespace wherry::i2ftp {

struct Received {
    enum class Kind : std::uint8_t {
        message,
        heartbeat,
        header_sum,   // ten bytes that looked like a header and were none
        payload_sum,  // a damaged frame; its message is lost
        sequence,     // a frame that does not continue the message under way; both are lost
        overrun,      // a message longer than it said; lost
        too_large,    // a message beyond the limit begins; whoever sent it will not be understood again
    };
    Kind kind = Kind::message;
    Bytes body;
    Byte id = 0;

    bool damaged() const noexcept { return kind != Kind::message && kind != Kind::heartbeat; }
};

class Deframer {
public:
    // What becomes of the frames that follow a damaged one of the same message: they look like a message of their own,
    // and the original takes them for one.
    enum class Tails : std::uint8_t { drop, deliver };

    Deframer(View key, std::size_t largest, Tails tails = Tails::drop);

    // Takes bytes from the front of `input` until something is complete; nullopt: all are taken and more are needed.
    std::optional<Received> next(View& input);
    // Whether a frame or message has begun that is not complete.
    bool in_the_middle() const noexcept { return filled_ > 0 || payload_left_ > 0 || active_; }

private:
    struct Frame {
        std::size_t offset;
        std::size_t size;
        std::array<Byte, 2> sum;
    };
    // How the payload that comes is to be used.
    enum class Use : std::uint8_t { keep, stray, skip };

    void scan(View& input);
    void begin_frame();
    bool continues(const Header& header) const noexcept;
    void start_message(const Header& header);
    void take_payload(View& input);
    void end_frame();
    void complete();
    void settle();
    void drop_tail_of(const Header& header);
    void forget_message();
    void tell(Received::Kind kind) { ready_.push_back({kind, {}, 0}); }

    const Bytes key_;
    const std::size_t largest_;
    const Tails tails_;

    std::array<Byte, header_size> bytes_{};  // of a header that is not complete
    std::size_t filled_ = 0;
    Header header_;
    std::size_t payload_left_ = 0;
    Use use_ = Use::keep;
    Md5 stray_;  // the sum of a payload that belongs to nothing

    bool active_ = false;  // a message is under way
    std::size_t announced_ = 0;
    Byte id_ = 0;
    Bytes message_;
    std::vector<Frame> unchecked_;

    bool dropping_ = false;  // the frames that follow a damaged one
    Byte dropped_id_ = 0;
    std::size_t dropped_left_ = 0;
    std::deque<Received> ready_;
};

}  // namespace wherry::i2ftp
