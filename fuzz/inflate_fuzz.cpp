// MODE Z: what a client sends, whatever the pieces are; and that what we send comes back.
#include <algorithm>
#include <string>
#include <vector>

#include "access/deflate.h"
#include "fuzz.h"

using namespace wherry;
using wherry::fuzz::require;

namespace {

constexpr std::size_t most = 4U << 20U;

struct Outcome {
    std::vector<std::byte> content;
    Code code = Code::ok;
    bool ended = false;
};

Outcome inflate(std::span<const std::byte> packed, std::size_t piece, std::size_t room) {
    Inflater inflater(100, 1U << 20U);
    Outcome result;
    std::vector<std::byte> buffer(room);
    for (bool full = false; (!packed.empty() || full) && result.content.size() < most;) {
        const auto done = inflater.convert(packed.first(std::min(piece, packed.size())), buffer);
        if (!done) {
            result.code = done.error().code;
            break;
        }
        packed = packed.subspan(done->consumed);
        full = done->produced == room;
        result.content.insert(result.content.end(), buffer.begin(),
                              buffer.begin() + static_cast<std::ptrdiff_t>(done->produced));
    }
    result.ended = inflater.ended();
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = wherry::fuzz::text_of(data, size);
    const auto bytes = std::as_bytes(std::span(text));
    const Outcome whole = inflate(bytes, 4096, 4096);
    const Outcome pieces = inflate(bytes, 7, 4096);
    require(whole.ended == pieces.ended || whole.content.size() >= most, "an end does not depend on the pieces");
    require(whole.code != Code::ok || pieces.code == Code::ok || pieces.content.size() >= most, "nor does damage");

    Deflater deflater(static_cast<int>(size % 10));
    std::vector<std::byte> packed(size * 2 + 1024);
    std::size_t filled = 0;
    for (auto rest = bytes; !rest.empty();) {
        const Converted done = deflater.convert(rest, std::span(packed).subspan(filled));
        rest = rest.subspan(done.consumed);
        filled += done.produced;
    }
    for (std::size_t done = 1; done != 0; filled += done) done = deflater.finish(std::span(packed).subspan(filled));
    const Outcome back = inflate(std::span(packed).first(filled), 11, 333);
    require(back.ended && std::ranges::equal(back.content, bytes), "what we send comes back");
    return 0;
}
