#include "i2ftp/frame.h"

#include <algorithm>
#include <stdexcept>

#include "i2ftp/md5.h"

namespace wherry::i2ftp {
namespace {

constexpr std::size_t frames_at_once = 16;  // frames whose sums are computed side by side

void append_header(Bytes& out, std::size_t left, std::size_t size, View key, Byte id) {
    const std::size_t at = out.size();
    for (const std::size_t byte : {std::size_t{'A'}, left >> 16U, left >> 8U, left, size >> 8U, size}) {
        out.push_back(static_cast<Byte>(byte));
    }
    const Byte sum = header_sum(View(out).subspan(at, 6), key);
    for (const Byte byte : {sum, Byte{0}, Byte{0}, id}) out.push_back(byte);
}

}  // namespace

Header read_header(View bytes) noexcept {
    Header header;
    header.left = (std::uint32_t{bytes[1]} << 16U) | (std::uint32_t{bytes[2]} << 8U) | bytes[3];
    header.size = static_cast<std::uint16_t>((bytes[4] << 8) | bytes[5]);
    header.sum = bytes[6];
    header.payload_sum = {bytes[7], bytes[8]};
    header.id = bytes[9];
    return header;
}

Byte header_sum(View first_six, View key) noexcept {
    Md5 sum;
    sum.update(first_six);
    sum.update(view(version));
    sum.update(key);
    return sum.finish()[2];
}

void append_frames(Bytes& out, View body, View key, Byte id) {
    if (body.size() > largest_message) throw std::length_error("append_frames: the message is too large");
    out.reserve(out.size() + body.size() + header_size * (body.size() / frame_payload + 1));
    while (!body.empty()) {
        std::array<View, frames_at_once> payloads;
        std::array<std::size_t, frames_at_once> headers{};
        std::size_t count = 0;
        for (; count < frames_at_once && !body.empty(); ++count) {
            const View payload = body.first(std::min(body.size(), frame_payload));
            headers[count] = out.size();
            append_header(out, body.size(), payload.size(), key, id);
            append(out, payload);
            payloads[count] = payload;
            body = body.subspan(payload.size());
        }
        std::array<Md5Sum, frames_at_once> sums;
        md5_many(std::span(payloads).first(count), sums);
        for (std::size_t i = 0; i < count; ++i) {
            out[headers[i] + 7] = sums[i][0];
            out[headers[i] + 8] = sums[i][1];
        }
    }
}

}  // namespace wherry::i2ftp
