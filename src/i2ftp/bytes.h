#pragma once
// Bytes of the wire, as unsigned numbers: all arithmetic of I2TCP is modulo 256.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wherry::i2ftp {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using View = std::span<const Byte>;

// The same bytes seen as the other type. Valid as long as the argument's own.
inline View view(std::string_view text) noexcept { return {reinterpret_cast<const Byte*>(text.data()), text.size()}; }
inline View view(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}
inline std::string_view text(View bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void append(Bytes& out, View bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
inline void append(Bytes& out, std::string_view bytes) { append(out, view(bytes)); }

// Little endian, as offsets are written.
inline void append_u64(Bytes& out, std::uint64_t number) {
    for (int i = 0; i < 8; ++i) out.push_back(static_cast<Byte>(number >> (8 * i)));
}
// At most eight bytes; missing ones count as nothing.
inline std::uint64_t read_le(View bytes) noexcept {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < bytes.size() && i < 8; ++i) number |= std::uint64_t{bytes[i]} << (8 * i);
    return number;
}

// Takes as long whatever the bytes are; only the lengths may show.
inline bool same_secret(View a, View b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned differ = 0;
    for (std::size_t i = 0; i < a.size(); ++i) differ |= static_cast<unsigned>(a[i] ^ b[i]);
    return differ == 0;
}

}  // namespace wherry::i2ftp
