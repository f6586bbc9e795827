#include "core/hex.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

TEST(Hex, EveryByteThereAndBackInBothCases) {
    for (unsigned number = 0; number < 256; ++number) {
        const auto byte = static_cast<std::uint8_t>(number);
        for (const std::string_view digits : {lower_hex_digits, upper_hex_digits}) {
            std::string text;
            append_hex(text, byte, digits);
            ASSERT_EQ(text.size(), 2U);
            EXPECT_EQ(hex_byte(text[0], text[1]), static_cast<int>(number)) << text;
        }
    }
}

TEST(Hex, DigitsAreOfTheCaseThatIsAskedFor) {
    std::string text = "x";
    append_hex(text, 0x0a);
    append_hex(text, 0xfe);
    append_hex(text, 0xbc, upper_hex_digits);
    EXPECT_EQ(text, "x0afeBC");
}

TEST(Hex, NothingElseIsADigit) {
    int digits = 0;
    for (int c = -128; c < 128; ++c) {
        const char one = static_cast<char>(c);
        const bool is = std::string_view("0123456789abcdefABCDEF").find(one) != std::string_view::npos;
        EXPECT_EQ(is_hex_digit(one), is) << c;
        EXPECT_EQ(hex_value(one) >= 0, is) << c;
        EXPECT_EQ(hex_byte(one, '0') >= 0, is) << c;
        EXPECT_EQ(hex_byte('0', one) >= 0, is) << c;
        digits += is ? 1 : 0;
    }
    EXPECT_EQ(digits, 22);
}

}  // namespace
}  // namespace wherry
