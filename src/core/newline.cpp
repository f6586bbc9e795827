#include "core/newline.h"

#include <algorithm>
#include <cstring>

namespace wherry {

namespace {

constexpr std::byte cr{'\r'};
constexpr std::byte lf{'\n'};
constexpr std::byte nul{0};

// Bytes before the first `end` in `in`, at most `most`.
std::size_t run_before(std::span<const std::byte> in, std::byte end, std::size_t most) {
    const std::size_t length = std::min(in.size(), most);
    if (length == 0) return 0;
    const void* found = std::memchr(in.data(), std::to_integer<int>(end), length);
    return found == nullptr ? length : static_cast<std::size_t>(static_cast<const std::byte*>(found) - in.data());
}

}  // namespace

// Copies what needs no change, up to the next byte that does.
std::size_t NewlineEncoder::copy_run(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
    std::size_t length = run_before(in, lf, out.size());
    if (style_ != Newlines::ftp) length = run_before(in, cr, length);
    if (length == 0) return 0;
    std::memcpy(out.data(), in.data(), length);
    after_cr_ = in[length - 1] == cr;
    return length;
}

bool NewlineEncoder::pay(std::span<std::byte> out, std::size_t& produced) noexcept {
    if (owed_ == Owed::nothing) return true;
    if (produced == out.size()) return false;
    out[produced++] = owed_ == Owed::line_feed ? lf : nul;
    owed_ = Owed::nothing;
    return true;
}

// Where a CRLF stays, the byte after a CR decides whether the CR gets a NUL. True if it now is owed one.
bool NewlineEncoder::settle_cr(std::byte next) noexcept {
    if (!after_cr_ || style_ == Newlines::ftp || next == lf) return false;
    after_cr_ = false;
    owed_ = Owed::nul;
    return true;
}

void NewlineEncoder::step(std::byte next, std::byte& out) noexcept {
    out = next;
    if (next == lf && !after_cr_) {
        out = cr;
        owed_ = Owed::line_feed;
    }
    if (next == cr && style_ == Newlines::netascii) owed_ = Owed::nul;
    after_cr_ = next == cr && style_ != Newlines::netascii;
}

Converted NewlineEncoder::convert(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
    Converted done;
    while (pay(out, done.produced) && done.consumed < in.size() && done.produced < out.size()) {
        if (settle_cr(in[done.consumed])) continue;
        const std::size_t run = copy_run(in.subspan(done.consumed), out.subspan(done.produced));
        done.consumed += run;
        done.produced += run;
        if (run != 0) continue;
        step(in[done.consumed], out[done.produced]);
        ++done.consumed;
        ++done.produced;
    }
    return done;
}

std::size_t NewlineEncoder::finish(std::span<std::byte> out) noexcept {
    if (after_cr_ && style_ != Newlines::ftp) owed_ = Owed::nul;
    after_cr_ = false;
    std::size_t produced = 0;
    pay(out, produced);
    return produced;
}

Converted NewlineDecoder::convert(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
    Converted done;
    while (done.consumed < in.size() && done.produced < out.size()) {
        const std::byte next = in[done.consumed];
        if (held_cr_) {
            held_cr_ = false;
            const bool is_nul = next == nul && style_ != Newlines::ftp;
            const bool is_end = next == lf && style_ != Newlines::netascii_crlf;
            out[done.produced++] = is_end ? lf : cr;
            if (is_end || is_nul) ++done.consumed;
            continue;
        }
        if (next == cr) {
            held_cr_ = true;
            ++done.consumed;
            continue;
        }
        const std::size_t run = run_before(in.subspan(done.consumed), cr, out.size() - done.produced);
        std::memcpy(out.data() + done.produced, in.data() + done.consumed, run);
        done.consumed += run;
        done.produced += run;
    }
    return done;
}

std::size_t NewlineDecoder::finish(std::span<std::byte> out) noexcept {
    if (!held_cr_ || out.empty()) return 0;
    held_cr_ = false;
    out[0] = cr;
    return 1;
}

}  // namespace wherry
