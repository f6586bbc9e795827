#pragma once
// What fuzz targets share. A target is a file x_fuzz.cpp that defines LLVMFuzzerTestOneInput for one parser: it feeds
// the bytes to the parser and requires what must hold of the outcome whatever the bytes are. Linked with libFuzzer
// (`./dev fuzz x`) or with replay.cpp (a plain test over fuzz/corpus).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace wherry::fuzz {

// An invariant: ends the program if it does not hold, which is how a fuzzer hears of it.
inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
}

// The input in parts, for targets that need more than one text. What is asked for beyond the end is zero or empty.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(text_of(data, size)) {}

    std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).empty() ? 0 : taken_.front()); }
    // A number of 8 bytes, the least significant first.
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 8) value |= std::uint64_t{byte()} << shift;
        return value;
    }
    std::string_view take(std::size_t most) {
        taken_ = rest_.substr(0, most);
        rest_.remove_prefix(taken_.size());
        return taken_;
    }
    // Up to the first `end`, which is dropped.
    std::string_view until(char end) {
        const std::string_view piece = take(std::min(rest_.find(end), rest_.size()));
        if (!rest_.empty()) rest_.remove_prefix(1);
        return piece;
    }
    std::string_view rest() { return take(rest_.size()); }
    bool empty() const { return rest_.empty(); }

private:
    std::string_view rest_;
    std::string_view taken_;
};

}  // namespace wherry::fuzz
