#pragma once
// index_in: the place of a type among the alternatives of a std::variant, known when the program is compiled.
#include <cstddef>
#include <type_traits>
#include <variant>

namespace wherry {

namespace detail {
template <class Kind, class... Kinds>
constexpr std::size_t place_in(const std::variant<Kinds...>*) {
    static_assert((std::is_same_v<Kind, Kinds> || ...), "index_in: the variant has no such alternative");
    std::size_t index = 0;
    static_cast<void>(((std::is_same_v<Kind, Kinds> || (++index, false)) || ...));
    return index;
}
}  // namespace detail

// What Variant::index() is while it holds a Kind.
template <class Kind, class Variant>
inline constexpr std::size_t index_in = detail::place_in<Kind>(static_cast<const Variant*>(nullptr));

}  // namespace wherry
