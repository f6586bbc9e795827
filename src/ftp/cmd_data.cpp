// PASV, EPSV, PORT, EPRT, ABOR: the data connection (RFC 959 4.1.2, RFC 2428).
#include "ftp/host_port.h"
#include "ftp/list_arguments.h"
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

// After EPSV ALL a NAT between us may rely on never seeing another command (RFC 2428 section 4).
bool refused_by_epsv_all(Session& session) {
    if (session.only_epsv) session.reply(501, "Not after EPSV ALL");
    return session.only_epsv;
}

net::Address address_of(const HostPort& host_port) {
    auto address = net::Address::parse_ip(host_port.address_text(), host_port.port);
    return address ? *address : net::Address();
}

void connect_to(Session& session, const HostPort& host_port) {
    if (!session.settings().active) return session.reply(502, "Active mode is off, use EPSV or PASV");
    const auto accepted = session.data().connect_to(address_of(host_port));
    if (accepted) return session.reply(200, "Will connect there");
    session.commons().log.info("[{} {}] {}", session.info().id, session.info().peer, accepted.error().message);
    session.reply(501, "Address not allowed");
}

// Opens the port; an invalid address means that the reply has been given.
Result<net::Address> listen(Session& session) {
    if (!session.settings().passive) {
        session.reply(502, "Passive mode is off, use PORT or EPRT");
        return fail(Code::unsupported);
    }
    auto address = session.data().listen();
    if (!address) {
        session.commons().log.warning("[{} {}] {}", session.info().id, session.info().peer, address.error().message);
        session.reply(425, "Cannot open a passive port, try again later");
    }
    return address;
}

}  // namespace

net::Task<void> pasv(Session& session, std::string_view) {
    if (refused_by_epsv_all(session)) co_return;
    if (session.control().local().is_ipv6()) co_return session.reply(425, "PASV is for IPv4, use EPSV");
    const auto shown = co_await session.announced_address(session.control().local());
    Log& log = session.commons().log;
    if (!shown) {
        log.warning("[{} {}] PASV: {}", session.info().id, session.info().peer, for_log(shown.error().message));
        co_return session.reply(425, "Cannot tell the address to connect to, use EPSV");
    }
    const auto address = listen(session);
    if (!address) co_return;
    const std::uint16_t port = session.data().announced(address->port());
    log.debug("[{} {}] PASV: announcing {} for {}", session.info().id, session.info().peer,
              shown->with_port(port).text(), address->text());
    // What the client cannot reach is the usual reason for listings that hang.
    if (shown->is_private() && !session.control().peer().is_private()) {
        log.info(
            "[{} {}] PASV: {} is a private address, and the client's is not; if it cannot connect, set ftp.nat_address",
            session.info().id, session.info().peer, shown->ip());
    }
    session.reply(227, text_227(std::span<const std::uint8_t, 4>(shown->bytes(), 4), port));
}

void epsv(Session& session, std::string_view argument) {
    const bool ipv6 = session.control().local().is_ipv6();
    if (iequals(argument, "ALL")) {
        session.only_epsv = true;
        return session.reply(200, "Only EPSV from now on");
    }
    if (!argument.empty() && argument != "1" && argument != "2") return session.reply(501, "Use EPSV 1, 2 or ALL");
    if (!argument.empty() && (argument == "2") != ipv6) return session.reply(522, text_522(!ipv6, ipv6));
    const auto address = listen(session);
    if (address) session.reply(229, text_229(session.data().announced(address->port())));
}

void port(Session& session, std::string_view argument) {
    if (refused_by_epsv_all(session)) return;
    const auto host_port = parse_port(argument);
    if (!host_port) return session.reply(501, "Not an address and port");
    connect_to(session, *host_port);
}

void eprt(Session& session, std::string_view argument) {
    if (refused_by_epsv_all(session)) return;
    const bool ipv6 = session.control().local().is_ipv6();
    const auto host_port = parse_eprt(argument);
    if (!host_port && host_port.error().code != Code::unsupported) return session.reply(501, "Not an address and port");
    if (!host_port || (host_port->family == Family::v6) != ipv6) return session.reply(522, text_522(!ipv6, ipv6));
    connect_to(session, *host_port);
}

// DrFTPD's PRET: what will come after the next PASV, so that a file that is not there needs no data connection.
net::Task<void> pret(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const std::string verb = upper(argument.substr(0, blank));
    std::string_view rest = blank == std::string_view::npos ? std::string_view() : argument.substr(blank + 1);
    const Row* row = find(session.table().commands(), verb);
    if (row == nullptr || !row->has(channel)) co_return session.reply(501, "Not a command that uses a data connection");
    if (row->has(Needs::argument) && rest.empty())
        co_return session.reply(501, "Syntax: PRET " + std::string(row->help));
    const bool lists = row->waiting == &list || row->waiting == &nlst;
    const auto path = session.resolve(lists ? parse_list_arguments(rest).path : rest);
    if (!path) co_return session.refuse(path.error());
    if (row->waiting == &stor || row->waiting == &stou || row->waiting == &appe) {
        if (!session.workspace().may(*path, row->waiting == &appe ? 'a' : 'w')) {
            co_return session.refuse({.code = Code::denied});
        }
    } else {
        const bool reads = row->waiting == &retr;
        const auto stat = co_await session.workspace().stat(*path);
        if (!stat) co_return session.refuse(stat.error());
        if (reads && !session.workspace().may(*path, 'r')) co_return session.refuse({.code = Code::denied});
        if (reads && !stat->is_file()) {
            co_return session.refuse({.code = stat->is_directory() ? Code::is_directory : Code::not_regular});
        }
    }
    session.reply(200, "Will do, open the data connection");
}

// RFC 959 4.1.3: with a transfer running two replies, the 426 of the transfer and the 226 of ABOR; a transfer that
// ended just before has its own 226, and ABOR another.
net::Task<void> abor(Session& session, std::string_view) {
    if (session.transferring()) {
        session.interrupt(Code::aborted);
        co_await session.transfer_end();
        co_return session.reply(226, "Abort successful");
    }
    const bool prepared = session.data().prepared();
    session.data().reset();
    session.reply(225, prepared ? "Data connection closed" : "No transfer to abort");
}

}  // namespace wherry::ftp
