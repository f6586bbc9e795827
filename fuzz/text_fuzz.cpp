// What is done to bytes of strangers before they are shown: in replies, in logs, as numbers. Input: a length, the text.
#include "core/text.h"

#include <string>

#include "fuzz.h"

namespace {

// RFC 3629 by the values of characters and not by the table of its bytes.
bool model_valid_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        const std::size_t length = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (length == 0 || first >= 0xF8 || i + length > text.size()) return false;
        std::uint32_t value = length == 1 ? first : first & (0x7FU >> length);
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0U) != 0x80) return false;
            value = value << 6 | (next & 0x3FU);
        }
        constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return false;
        i += length;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wherry::fuzz::require;
    wherry::fuzz::Input input(data, size);
    const std::size_t most = input.byte();
    const std::string_view text = input.rest();

    const std::string shown = wherry::printable(text);
    require(shown.size() == text.size() && !wherry::has_control(shown), "printable leaves no control byte");
    require(wherry::has_control(text) == (shown != text), "and changes nothing else");

    const std::string logged = wherry::for_log(text, most);
    require(logged.size() <= most, "a log text is as short as asked");
    require(!wherry::has_control(logged) && wherry::valid_utf8(logged), "a log text is clean UTF-8");
    const std::string all = wherry::for_log(text, 4 * text.size() + 3);
    require(wherry::for_log(text, all.size()) == all, "what fits is not cut");

    require(wherry::valid_utf8(text) == model_valid_utf8(text), "UTF-8 is that of RFC 3629");
    if (const auto number = wherry::parse_u63(text)) {
        std::string digits;
        wherry::append_decimal(digits, *number);
        require(text.ends_with(digits) && *number <= 0x7FFF'FFFF'FFFF'FFFF, "a number is its digits");
        require(wherry::parse_at_most(text, *number) == number, "a limit includes itself");
        require(*number == 0 || !wherry::parse_at_most(text, *number - 1), "and nothing above it");
    }
    return 0;
}
