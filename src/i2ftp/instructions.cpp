#include "i2ftp/instructions.h"

#include <cstdlib>

namespace wherry::i2ftp {

Instructions find_instructions(std::string_view wanted) noexcept {
    if (wanted == "portable") return Instructions::portable;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return Instructions::avx512;
    if (__builtin_cpu_supports("avx2")) return Instructions::avx2;
#endif
    return Instructions::portable;
}

Instructions instructions() noexcept {
    static const Instructions all = [] {
        const char* const wanted = std::getenv("WHERRY_INSTRUCTIONS");
        return find_instructions(wanted == nullptr ? "" : wanted);
    }();
    return all;
}

}  // namespace wherry::i2ftp
