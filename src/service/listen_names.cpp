#include "service/listen_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "net/resolve.h"

namespace wherry {

Result<ListenPlaces> with_addresses(const ListenPlaces& places, std::string_view key) {
    ListenPlaces out;
    std::ranges::copy_if(places, std::back_inserter(out), [](const ListenPlace& place) { return place.host.empty(); });
    const auto is_there = [&](const net::Address& address) {
        return address.port() != 0 && std::ranges::any_of(out, [&](const ListenPlace& place) {
                   return place.sockets.empty() && place.address == address;
               });
    };
    for (const ListenPlace& place : places) {
        if (place.host.empty()) continue;
        const auto addresses = net::resolve(place.host, place.address.port());
        if (!addresses) {
            Error error = addresses.error();
            error.message =
                fmt::format("{}: \"{}\": {}; correct the name, or write its address", key, place.text(), error.message);
            return std::unexpected(std::move(error));
        }
        for (const net::Address& address : *addresses) {
            if (is_there(address)) continue;
            out.emplace_back(address);
            out.back().host = place.host;
        }
    }
    return out;
}

std::vector<std::string> hosts_without_address(const Config& config) {
    std::vector<std::string> out;
    for (const auto& [key, places] : listen_lists(config)) {
        if (const auto found = with_addresses(*places, key); !found) out.push_back(found.error().message);
    }
    return out;
}

}  // namespace wherry
