// Where a Service waits for clients.
#include <algorithm>
#include <utility>

#include "service/i2ftp_users.h"
#include "service/listen_names.h"
#include "service/open_sockets.h"
#include "service/service.h"

namespace wherry {
namespace {

constexpr auto stream = OpenSockets::Kind::stream;
constexpr auto datagram = OpenSockets::Kind::datagram;

// All addresses of IPv6 beside one of IPv4 with the same port: the clients of IPv4 are for the latter.
bool is_for_ipv6_alone(const ListenPlace& place, const ListenPlaces& places) {
    const auto other = [&](const ListenPlace& one) {
        return one.sockets.empty() && !one.address.is_ipv6() && one.address.port() == place.address.port();
    };
    return place.sockets.empty() && place.address.is_ipv6() && place.address.is_unspecified() &&
           place.address.port() != 0 && std::ranges::any_of(places, other);
}

// One list of the configuration. `listen` takes an address or a socket; `bound` is told where it does.
template <class Listen>
Result<void> listen_at(const ListenPlaces& places, std::string_view key, OpenSockets& open, OpenSockets::Kind kind,
                       std::vector<net::Address>& bound, Listen listen) {
    const auto keep = [&](Result<net::Address> address) -> Result<void> {
        if (!address) return std::unexpected(std::move(address.error()));
        bound.push_back(*address);
        return {};
    };
    const auto all = with_addresses(places, key);
    if (!all) return std::unexpected(all.error());
    for (const ListenPlace& place : *all) {
        if (place.sockets.empty()) {
            const auto families = is_for_ipv6_alone(place, *all) ? net::Families::ipv6 : net::Families::both;
            auto kept = keep(listen(place.address, families));
            if (!kept && !place.host.empty()) {
                kept.error().message = std::string(key) + ": \"" + place.text() + "\": " + kept.error().message;
            }
            if (!kept) return kept;
            continue;
        }
        auto sockets = open.take(place.sockets, kind);
        if (!sockets) {
            Error error = std::move(sockets.error());
            error.message = std::string(key) + ": \"" + place.text() + "\": " + error.message;
            return std::unexpected(std::move(error));
        }
        for (net::Socket& socket : *sockets) {
            if (auto kept = keep(listen(std::move(socket))); !kept) return kept;
        }
    }
    return {};
}

// Those that are known by their numbers alone.
template <class Listen>
Result<void> listen_with(const std::vector<int>& descriptors, Result<net::Socket> (*adopt)(int),
                         std::vector<net::Address>& bound, Listen listen) {
    for (const int descriptor : descriptors) {
        auto socket = adopt(descriptor);
        if (!socket) return std::unexpected(std::move(socket.error()));
        auto address = listen(std::move(*socket));
        if (!address) return std::unexpected(std::move(address.error()));
        bound.push_back(*address);
    }
    return {};
}

}  // namespace

Result<void> Service::listen() {
    OpenSockets open(config_.sockets);
    if (auto done = listen_ftp(open); !done) return done;
    if (auto done = listen_tftp(open); !done) return done;
    if (auto done = listen_i2ftp(open); !done) return done;
    if (auto done = open_control(); !done) return done;
    if (const std::string left = open.left(); !left.empty()) {
        log_->warning("handed over, and not named by the configuration in a list for its kind: {}", left);
    }
    return {};
}

Result<void> Service::listen_tftp(OpenSockets& open) {
    const TftpConfig& tftp = config_.tftp;
    if (!tftp.served()) return {};
    if (!tftp.settings.check_port && tftp.settings.tid_mode != tftp::TidMode::unique) {
        return fail(Code::invalid, "tftp.check_port = false needs tftp.tid_mode = \"unique\"");
    }
    const auto listen = [&](auto&&... at) { return tftp_.listen(std::forward<decltype(at)>(at)...); };
    if (auto done = listen_with(tftp.descriptors, net::adopt_bound, tftp_addresses_, listen); !done) return done;
    return listen_at(tftp.listen, "tftp.listen", open, datagram, tftp_addresses_, listen);
}

Result<void> Service::listen_ftp(OpenSockets& open) {
    const FtpConfig& ftp = config_.ftp;
    const auto by = [&](const ftp::Door& door) {
        return [this, door](auto&& at, auto... families) {
            return ftp_.listen(std::forward<decltype(at)>(at), door, families...);
        };
    };
    const ftp::Door plain{};
    const ftp::Door required{.tls_required = true};
    const ftp::Door implicit{.implicit_tls = true};
    if (auto done = listen_with(ftp.descriptors, net::adopt_listening, addresses_, by(plain)); !done) return done;
    if (auto done = listen_at(ftp.listen, "ftp.listen", open, stream, addresses_, by(plain)); !done) return done;
    auto done = listen_at(ftp.tls_listen, "ftp.tls_listen", open, stream, addresses_, by(required));
    if (!done) return done;
    return listen_at(ftp.implicit_listen, "ftp.implicit_listen", open, stream, addresses_, by(implicit));
}

Result<void> Service::listen_i2ftp(OpenSockets& open) {
    if (!config_.i2ftp.served()) return {};
    if (auto known = read_i2ftp_keys(); !known) return known;
    if (i2ftp_.ring()->keys.size() == 0) {
        return fail(Code::invalid, "I2FTP: nobody has a key; set i2ftp.key_file, or i2ftp_key_file of a user");
    }
    if (auto prepared = i2ftp_.prepare(); !prepared) return prepared;
    const auto by = [&](const i2ftp::Door& door) {
        return [this, door](auto&& at, auto... families) {
            return i2ftp_.listen(std::forward<decltype(at)>(at), door, families...);
        };
    };
    const I2ftpConfig& i2ftp = config_.i2ftp;
    auto done = listen_at(i2ftp.listen, "i2ftp.listen", open, stream, i2ftp_addresses_, by({}));
    if (!done) return done;
    return listen_at(i2ftp.tls_listen, "i2ftp.tls_listen", open, stream, i2ftp_tls_addresses_,
                     by(i2ftp::Door{.tls = true}));
}

}  // namespace wherry
