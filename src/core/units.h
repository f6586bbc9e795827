#pragma once
// Sizes and rates as people write them in a configuration: "10M", "1.5GiB", "512k", "4096", "100Mbit/s".
//
// k, M, G, T, P and KiB, MiB ... are powers of 1024; kB, MB ... are powers of 1000; case does not matter. A rate may
// end in
// "/s" and may be given in bits: kbit, Mbit, Gbit are powers of 1000. Values above 2^63 - 1 are refused.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wherry {

// Bytes. A fraction needs a unit, has at most 9 digits, and what is left of a byte is dropped. nullopt: not a size.
std::optional<std::uint64_t> parse_size(std::string_view text);
// Bytes per second.
std::optional<std::uint64_t> parse_rate(std::string_view text);

// The shortest exact form without a fraction, such that parse gives the same number back: "10M", "1500kB", "4097".
std::string print_size(std::uint64_t bytes);
std::string print_rate(std::uint64_t bytes_per_second);  // "10M/s"

}  // namespace wherry
