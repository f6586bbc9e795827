#include "core/variant_index.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

TEST(VariantIndex, is_the_place_of_the_alternative) {
    using Any = std::variant<int, double, char>;
    static_assert(index_in<int, Any> == 0);
    static_assert(index_in<char, Any> == 2);
    EXPECT_EQ(Any('c').index(), (index_in<char, Any>));
}

}  // namespace
}  // namespace wherry
