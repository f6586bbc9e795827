#pragma once
// What the labels of metrics can be. What a protocol has an enum for already is named by that; its own header says
// with label_values how many there are. The words stand in metrics.cpp, in the same order.
#include <cstddef>
#include <cstdint>

namespace wherry {

enum class TftpDirection : std::uint8_t { read, write, count_ };

enum class TftpOutcome : std::uint8_t {
    started,
    refused,     // with an ERROR, or in silence where that is the rule
    unanswered,  // nothing came of it: no port, replaced by another request, dropped by a handler
    count_,
};

enum class TftpDrop : std::uint8_t {
    malformed,  // too short, too long
    opcode,     // means nothing there
    source,     // an address or a port that no client has
    broadcast,
    interface,
    rate,      // requests
    limit,     // transfers
    stopping,  // the server
    unknown,   // no transfer of its sender's waits for it
    count_,
};

enum class TftpAck : std::uint8_t {
    full,     // of a whole window
    partial,  // of a part of it
    duplicate,
    stale,  // of what was acknowledged before, or never sent
    count_,
};

enum class TftpReceived : std::uint8_t { fresh, duplicate, ignored, count_ };

enum class TftpLoad : std::uint8_t { ok, failed, changed, passed, count_ };

// A program of the operator's: asked about a request, told of a download.
enum class TftpHook : std::uint8_t { request, download, count_ };
enum class TftpHookEnd : std::uint8_t {
    ok,
    failed,   // not started, ended badly, or its answer is none
    timeout,  // and was killed
    dropped,  // not started: too many
    count_,
};

// The code of an ERROR: 0 to 8, and all others together.
enum class TftpCode : std::uint8_t { other = 9, count_ };
constexpr TftpCode tftp_code(std::uint16_t code) noexcept {
    return code < 9 ? static_cast<TftpCode>(code) : TftpCode::other;
}

// Why what the kernel was to cut into datagrams was sent one by one.
enum class GsoFallback : std::uint8_t { device, segments, length, count_ };

enum class SendError : std::uint8_t { full, refused, unreachable, length, denied, other, count_ };

inline constexpr std::size_t tftp_endings = 14;
inline constexpr std::size_t tftp_causes_to_send = 4;

template <class Label>
inline constexpr std::size_t label_values = static_cast<std::size_t>(Label::count_);

}  // namespace wherry
