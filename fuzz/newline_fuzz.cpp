// The newline codecs: however input and output are cut, the same bytes come out, and those of a simple model.
#include "core/newline.h"

#include <array>
#include <string>

#include "fuzz.h"

namespace {

using wherry::Newlines;
using wherry::fuzz::require;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// With pieces of `in` bytes and room for `out` bytes at a time.
template <class Codec>
std::string run(std::string_view text, Newlines style, std::size_t in, std::size_t out) {
    Codec codec(style);
    std::string result;
    std::array<std::byte, 256> room{};
    const auto append = [&](std::size_t produced) {
        result.append(reinterpret_cast<const char*>(room.data()), produced);
    };
    while (!text.empty()) {
        const auto piece = bytes_of(text.substr(0, in));
        const auto done = codec.convert(piece, std::span(room).first(out));
        require(done.consumed <= piece.size() && done.produced <= out, "a codec stays inside its spans");
        require(done.consumed == piece.size() || done.produced == out, "it ends when one of them is used up");
        append(done.produced);
        text.remove_prefix(done.consumed);
    }
    for (int owed = 0;; ++owed) {
        const std::size_t produced = codec.finish(std::span(room).first(out));
        if (produced == 0) return result;
        require(owed < 4, "little is owed at the end");
        append(produced);
    }
}

std::string encoded(std::string_view text, Newlines style) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool paired = i > 0 && text[i - 1] == '\r' && style != Newlines::netascii;
        if (c == '\n' && !paired) out += '\r';
        out += c;
        const bool before_lf = i + 1 < text.size() && text[i + 1] == '\n';
        if (c == '\r' && style != Newlines::ftp && (style == Newlines::netascii || !before_lf)) out += '\0';
    }
    return out;
}

std::string decoded(std::string_view text, Newlines style) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text[i] != '\r' || i + 1 == text.size()) continue;
        if (text[i + 1] == '\n' && style != Newlines::netascii_crlf)
            out.back() = '\n', ++i;
        else if (text[i + 1] == '\0' && style != Newlines::ftp)
            ++i;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const auto style = static_cast<Newlines>(input.byte() % 4);
    const std::size_t in = 1 + input.byte() % 200;
    const std::size_t out = 1 + input.byte() % 200;
    const std::string_view text = input.rest();

    const std::string wire = run<wherry::NewlineEncoder>(text, style, in, out);
    require(wire == encoded(text, style), "encoding is that of the model");
    const std::string file = run<wherry::NewlineDecoder>(text, style, in, out);
    require(file == decoded(text, style), "decoding is that of the model");
    if (style == Newlines::netascii) {
        require(run<wherry::NewlineDecoder>(wire, style, out, in) == text, "netascii gives back what was encoded");
    }
    if (style == Newlines::ftp) {
        require(run<wherry::NewlineEncoder>(wire, style, in, out) == wire, "what is encoded stays as it is");
    }
    return 0;
}
