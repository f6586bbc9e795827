// Lease files of dnsmasq.
#include <algorithm>
#include <string_view>

#include "fuzz.h"
#include "tftp/leases.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wherry::fuzz::require;
    using wherry::tftp::Leases;
    const std::string_view text = wherry::fuzz::text_of(data, size);
    const Leases leases = Leases::parse(text);
    require(leases.size() <= static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1, "a line is one lease");
    const auto client = wherry::net::Address::parse_ip("10.0.0.5", 0).value();
    const auto early = leases.mac_of(client, 0);
    const auto late = leases.mac_of(client, 1'767'326'645);
    require(!late || early == late, "a lease ends once");
    // As a file is while dnsmasq writes it: what is there already is as it will be.
    const Leases part = Leases::parse(text.substr(0, text.rfind('\n') + 1));
    require(part.size() <= leases.size(), "more lines are more leases");
    return 0;
}
