#include "net/subnet.h"

#include <algorithm>

#include "core/text.h"

namespace wherry::net {
namespace {

// The first `bits` bits of both are the same.
bool same_prefix(const std::uint8_t* a, const std::uint8_t* b, unsigned bits) noexcept {
    const unsigned whole = bits / 8;
    if (!std::equal(a, a + whole, b)) return false;
    if (bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xFF00U >> (bits % 8));
    return ((a[whole] ^ b[whole]) & mask) == 0;
}

bool is_zero_after(const Address& address, unsigned bits) noexcept {
    const unsigned all = address.is_ipv6() ? 128 : 32;
    for (unsigned bit = bits; bit < all; ++bit) {
        if ((address.bytes()[bit / 8] & (0x80U >> (bit % 8))) != 0) return false;
    }
    return true;
}

}  // namespace

Result<Subnet> Subnet::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = Address::parse_ip(text.substr(0, slash), 0);
    if (!address) return std::unexpected(address.error());
    const unsigned all = address->is_ipv6() ? 128 : 32;
    Subnet subnet;
    subnet.base_ = *address;
    subnet.bits_ = all;
    if (slash == std::string_view::npos) return subnet;
    const auto bits = parse_at_most(text.substr(slash + 1), all);
    if (!bits) {
        return fail(Code::invalid,
                    "'" + std::string(text) + "': behind the / stands a number from 0 to " + std::to_string(all));
    }
    subnet.bits_ = static_cast<unsigned>(*bits);
    if (!is_zero_after(*address, subnet.bits_)) {
        return fail(Code::invalid, "'" + std::string(text) + "': the address has bits beyond the first " +
                                       std::to_string(subnet.bits_));
    }
    return subnet;
}

bool Subnet::contains(const Address& address) const noexcept {
    return address.is_ipv6() == base_.is_ipv6() && same_prefix(address.bytes(), base_.bytes(), bits_);
}

std::string Subnet::text() const {
    const unsigned all = base_.is_ipv6() ? 128 : 32;
    return bits_ == all ? base_.ip() : base_.ip() + "/" + std::to_string(bits_);
}

bool permits(std::span<const Subnet> allow, std::span<const Subnet> deny, const Address& address) noexcept {
    return !any_contains(deny, address) && (allow.empty() || any_contains(allow, address));
}

bool any_contains(std::span<const Subnet> subnets, const Address& address) noexcept {
    return std::ranges::any_of(subnets, [&](const Subnet& subnet) { return subnet.contains(address); });
}

}  // namespace wherry::net
