#pragma once
// Line ends between this machine (LF) and the wire (CRLF), for FTP's TYPE A and TFTP's netascii.
//
// Both directions are streams: bytes go from one span into another, a pair may be cut anywhere by the end of either
// span, and the outcome is the same however the stream is cut. A codec is a small value without memory of its own;
// a copy of it is a checkpoint from which the conversion can be done again. Used by one thread at a time.
#include <cstddef>
#include <cstdint>
#include <span>

namespace wherry {

enum class Newlines : std::uint8_t {
    ftp,            // RFC 959 3.1.1.1 as it is practised: a CRLF stays a CRLF, a CR alone stays a CR
    netascii,       // RFC 764 as TFTP uses it: every CR becomes CR NUL; decodes to exactly what was encoded
    netascii_keep,  // the same, but a CRLF in a file stays a CRLF on the wire
    netascii_crlf,  // for files whose own line ends are CRLF: these stay what they are both ways
};

// What one call has done. It ends when `in` is used up or `out` is full, never before.
struct Converted {
    std::size_t consumed = 0;
    std::size_t produced = 0;
};

// From the file to the wire: LF becomes CRLF.
class NewlineEncoder {
public:
    explicit NewlineEncoder(Newlines style = Newlines::ftp) noexcept : style_(style) {}

    Converted convert(std::span<const std::byte> in, std::span<std::byte> out) noexcept;
    // After the last byte: writes what is still owed, at most max_owed bytes. Call it until it returns 0; then the
    // encoder is as new.
    std::size_t finish(std::span<std::byte> out) noexcept;

    static constexpr std::size_t max_owed = 1;

private:
    // The byte that must follow the CR just written, come what may.
    enum class Owed : std::uint8_t { nothing, line_feed, nul };

    bool pay(std::span<std::byte> out, std::size_t& produced) noexcept;
    bool settle_cr(std::byte next) noexcept;
    void step(std::byte next, std::byte& out) noexcept;
    std::size_t copy_run(std::span<const std::byte> in, std::span<std::byte> out) noexcept;

    Newlines style_;
    Owed owed_ = Owed::nothing;
    bool after_cr_ = false;  // the last byte was a CR whose partner is not decided
};

// From the wire to the file: CRLF becomes LF, but with netascii_crlf; with all that is netascii CR NUL becomes CR. A CR
// before anything else stays.
class NewlineDecoder {
public:
    explicit NewlineDecoder(Newlines style = Newlines::ftp) noexcept : style_(style) {}

    Converted convert(std::span<const std::byte> in, std::span<std::byte> out) noexcept;
    // After the last byte: a CR at the very end is content and comes out here. As with the encoder.
    std::size_t finish(std::span<std::byte> out) noexcept;

    static constexpr std::size_t max_owed = 1;

private:
    Newlines style_;
    bool held_cr_ = false;
};

}  // namespace wherry
