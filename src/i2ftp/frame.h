#pragma once
// Frames of I2TCP 2.1: ten bytes of header and a payload; one or more frames make a message (docs/i2ftp.md, "Frames").
//
//   0 'A'   1-3 bytes of the message from here on, big endian   4-5 bytes in this frame, big endian
//   6 sum over the above, the version and the key   7-8 sum over the payload   9 id, the same in all frames of a
//   message
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "i2ftp/bytes.h"

namespace wherry::i2ftp {

inline constexpr std::string_view version = "2.1";
inline constexpr std::string_view heartbeat = "Heartbeat_";
inline constexpr std::size_t header_size = 10;
inline constexpr std::size_t frame_payload = 32758;       // of a frame that we send; received ones may have 0 to 65535
inline constexpr std::size_t largest_message = 0xffffff;  // bytes; what the 24 bits of the header can say

struct Header {
    std::uint32_t left = 0;
    std::uint16_t size = 0;
    Byte sum = 0;
    std::array<Byte, 2> payload_sum{};
    Byte id = 0;
};

// Of ten bytes that begin with 'A'.
Header read_header(View bytes) noexcept;
// What byte 6 must be.
Byte header_sum(View first_six, View key) noexcept;

// Appends the frames of one message. An empty body makes no frame at all: an empty message cannot be sent. The body has
// at most largest_message bytes.
void append_frames(Bytes& out, View body, View key, Byte id);

}  // namespace wherry::i2ftp
