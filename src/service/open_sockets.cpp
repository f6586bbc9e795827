#include "service/open_sockets.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace wherry {

OpenSockets::OpenSockets(const std::vector<net::HandedOver>& sockets) {
    for (const net::HandedOver& one : sockets) {
        const Kind kind = net::is_datagram_socket(one.descriptor) ? Kind::datagram : Kind::stream;
        all_.push_back({one.name, kind, net::Socket(one.descriptor)});
    }
}

Result<std::vector<net::Socket>> OpenSockets::take(std::string_view name, Kind kind) {
    const bool stream = kind == Kind::stream;
    std::vector<net::Socket> out;
    bool taken = false;
    bool known = false;
    for (One& one : all_) {
        if (one.name != name) continue;
        known = true;
        if (one.kind != kind) continue;
        taken = taken || !one.socket;
        if (!one.socket) continue;
        auto socket = (stream ? net::adopt_listening : net::adopt_bound)(one.socket.descriptor());
        if (!socket) return std::unexpected(std::move(socket.error()));
        one.socket.release();
        out.push_back(std::move(*socket));
    }
    if (!out.empty()) return out;
    if (taken) return fail(Code::invalid, "its sockets serve another list of the configuration already");
    if (known) {
        return fail(Code::invalid, stream ? "its sockets are of datagrams; write ListenStream= in the .socket unit"
                                          : "its sockets are of streams; write ListenDatagram= in the .socket unit");
    }
    return fail(Code::not_found, all_.empty() ? "no sockets were handed over; start the service by its .socket unit"
                                              : "no sockets of that name were handed over, but " + names());
}

std::string OpenSockets::names() const {
    std::string out;
    for (const One& one : all_) {
        const std::string quoted = fmt::format("\"{}\"", one.name);
        if (out.find(quoted) == std::string::npos) out += (out.empty() ? "" : ", ") + quoted;
    }
    return out;
}

std::string OpenSockets::left() const {
    std::string out;
    for (const One& one : all_) {
        if (!one.socket) continue;
        out += fmt::format("{}descriptor {} (\"{}\", {})", out.empty() ? "" : ", ", one.socket.descriptor(), one.name,
                           one.kind == Kind::stream ? "streams" : "datagrams");
    }
    return out;
}

}  // namespace wherry
