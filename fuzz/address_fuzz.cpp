// Addresses of a configuration: "host:port".
#include "net/address.h"

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wherry::fuzz::require;
    using wherry::net::Address;
    const std::string_view text = wherry::fuzz::text_of(data, size);
    const auto check = [](const Address& address) {
        const auto again = Address::parse(address.text());
        require(again && *again == address, "an address is read as it was written");
        require(again->is_ipv6() == address.is_ipv6() && again->text() == address.text(), "in its one form");
        sockaddr_storage system{};
        address.to_system(system);
        require(Address::from_system(system) == address, "the system's form is the same address");
        require(address.same_host(address.with_port(0)), "the port is no part of the host");
        require(!address.is_loopback() || address.is_private(), "loopback is private");
    };
    if (const auto address = Address::parse(text)) {
        require(!text.contains('\0'), "no address holds a NUL");
        check(*address);
    }
    if (const auto address = Address::parse_ip(text, 21)) {
        require(!text.contains('\0'), "no address holds a NUL");
        check(*address);
    }
    return 0;
}
