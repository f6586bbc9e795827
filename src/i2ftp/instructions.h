#pragma once
// Instructions: which of this processor's vector instructions the sums and the cipher may use. Thread-safe.
//
// With WHERRY_INSTRUCTIONS=portable in the environment, only those that every processor of this kind has: to measure
// the portable ways, or to do without the others if they are ever in doubt. Everything gives the same bytes either way.
#include <cstdint>
#include <string_view>

namespace wherry::i2ftp {

enum class Instructions : std::uint8_t { portable, avx2, avx512 };

// What this processor and the environment allow; looked up once.
Instructions instructions() noexcept;
// The same, looked up now, with that text as the environment's.
Instructions find_instructions(std::string_view wanted) noexcept;

}  // namespace wherry::i2ftp
