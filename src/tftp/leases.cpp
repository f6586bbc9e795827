#include "tftp/leases.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"

namespace wherry::tftp {
namespace {

std::string_view take_word(std::string_view& rest) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

std::uint32_t key_of(const net::Address& address) {
    std::uint32_t key = 0;
    std::memcpy(&key, address.bytes(), sizeof key);
    return key;
}

}  // namespace

Leases Leases::parse(std::string_view text) {
    Leases out;
    for (std::string_view line : split(text, '\n')) {
        if (out.leases_.size() == most) break;
        const auto ends = parse_u63(take_word(line));
        const auto mac = net::Mac::parse(take_word(line));
        const auto address = net::Address::parse_ip(take_word(line), 0);
        const std::string_view name = take_word(line);
        // Without what follows the address it may be the beginning of a longer one, of a line half written.
        if (!ends || !mac || !address || address->is_ipv6() || name.empty()) continue;
        out.leases_.insert_or_assign(key_of(*address), Lease{*mac, static_cast<std::int64_t>(*ends)});
    }
    return out;
}

std::optional<net::Mac> Leases::mac_of(const net::Address& address, std::int64_t now) const {
    if (address.is_ipv6()) return std::nullopt;
    const auto found = leases_.find(key_of(address));
    if (found == leases_.end()) return std::nullopt;
    const Lease& lease = found->second;
    return lease.ends == 0 || now < lease.ends ? std::optional(lease.mac) : std::nullopt;
}

}  // namespace wherry::tftp
