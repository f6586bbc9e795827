#pragma once
// Field: how one value of the configuration is checked, stored and shown. One kind of field per kind of value; a row of
// config_keys.cpp names the kind, the member and what is allowed.
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/units.h"
#include "net/address.h"
#include "net/subnet.h"
#include "service/config.h"
#include "service/duration.h"
#include "wherry/result.h"

namespace wherry {

// A value as it stands in the file; monostate: of a kind that no key takes (a fraction, a date, a table).
using Value =
    std::variant<std::monostate, bool, std::int64_t, std::string, std::vector<std::string>, std::vector<std::int64_t>>;

struct Field {
    std::string type;     // for people: "whole number", "size"
    std::string allowed;  // for people: "1 to 65535"; empty: any of the type
    // Checks and stores. Code::invalid with what is wrong, to be read after the key: "must be true or false".
    std::function<Result<void>(Config& config, const Value& value)> set;
    std::function<std::string(const Config& config)> show;  // as TOML; set() takes it back
    std::function<void(Config& to, const Config& from)> copy;
};

namespace fields {

std::string toml_text(std::string_view text);  // as a basic string of TOML
Result<bool> read_flag(const Value& value);
Result<std::string> read_text(const Value& value, std::size_t most);
Result<std::vector<std::string>> read_list(const Value& value);
Result<std::uint64_t> read_number(const Value& value, std::uint64_t least, std::uint64_t most);
// `parse` is parse_size or parse_rate.
using ParseBytes = std::optional<std::uint64_t> (*)(std::string_view);
Result<std::uint64_t> read_bytes(const Value& value, ParseBytes parse, std::string_view example);
Result<std::chrono::milliseconds> read_duration(const Value& value, std::chrono::milliseconds least,
                                                std::chrono::milliseconds most, std::chrono::milliseconds step);
// The index of the word in `words`.
Result<std::size_t> read_choice(const Value& value, const std::vector<std::string_view>& words);

// In all that follow, `member` is [](auto& config) -> auto& { return config.limits.sessions; }

// Stores what `read` makes of the value, converted to the type of the member.
template <class Member, class Read, class Show>
Field make(std::string type, std::string allowed, Member member, Read read, Show show) {
    return {std::move(type), std::move(allowed),
            [member, read](Config& config, const Value& value) -> Result<void> {
                auto result = read(value);
                if (!result) return std::unexpected(std::move(result.error()));
                auto& target = member(config);
                target = static_cast<std::remove_reference_t<decltype(target)>>(std::move(*result));
                return {};
            },
            [member, show](const Config& config) -> std::string { return show(member(config)); },
            [member](Config& to, const Config& from) { member(to) = member(from); }};
}

template <class Member>
Field flag(Member member) {
    return make("true or false", "", member, read_flag, [](bool on) { return std::string(on ? "true" : "false"); });
}

template <class Member>
Field number(Member member, std::uint64_t least, std::uint64_t most) {
    return make(
        "whole number", std::to_string(least) + " to " + std::to_string(most), member,
        [=](const Value& value) { return read_number(value, least, most); },
        [](auto shown) { return std::to_string(shown); });
}

template <class Member>
Field text(Member member, std::size_t most, std::string allowed = {}) {
    return make(
        "text", std::move(allowed), member, [=](const Value& value) { return read_text(value, most); },
        [](const std::string& shown) { return toml_text(shown); });
}

template <class Member>
Field duration(Member member, std::chrono::milliseconds least, std::chrono::milliseconds most) {
    using Span = std::remove_cvref_t<decltype(member(std::declval<Config&>()))>;
    const auto step = std::chrono::milliseconds(Span(1));
    return make(
        "duration", print_duration(least) + " to " + print_duration(most), member,
        [=](const Value& value) -> Result<Span> {
            auto span = read_duration(value, least, most, step);
            if (!span) return std::unexpected(std::move(span.error()));
            return std::chrono::duration_cast<Span>(*span);
        },
        [](auto shown) { return toml_text(print_duration(shown)); });
}

template <class Member, class Enum>
Field choice(Member member, std::vector<std::pair<std::string_view, Enum>> words) {
    std::vector<std::string_view> names;
    std::string allowed;
    for (const auto& [name, meaning] : words) {
        names.push_back(name);
        allowed += (allowed.empty() ? "" : ", ") + toml_text(name);
    }
    return make(
        "one of", std::move(allowed), member,
        [=](const Value& value) -> Result<Enum> {
            auto index = read_choice(value, names);
            if (!index) return std::unexpected(std::move(index.error()));
            return words[*index].second;
        },
        [=](Enum shown) {
            for (const auto& [name, meaning] : words) {
                if (meaning == shown) return toml_text(name);
            }
            return toml_text("");
        });
}

template <class Enum>
using Words = std::vector<std::pair<std::string_view, Enum>>;

template <class Member>
Field words(Member member, std::string_view off, std::string_view on) {
    return choice(member, std::vector<std::pair<std::string_view, bool>>{{off, false}, {on, true}});
}

// --- kinds whose reading has more to it: each is a pair of functions in config_fields.cpp --------

Result<std::string> read_place(const Value& value);  // a file or folder: empty, or absolute
Result<std::string> read_pam_service(const Value& value);
Result<std::vector<std::string>> read_places(const Value& value);
Result<std::vector<std::string>> read_program(const Value& value);  // its absolute path, and arguments; or nothing
Result<std::vector<ftp::VirtualHost>> read_hosts(const Value& value);
std::string show_hosts(const std::vector<ftp::VirtualHost>& shown);
Result<std::vector<std::string>> read_commands(const Value& value);  // in capitals
std::string show_list(const std::vector<std::string>& shown);
Result<ListenPlaces> read_listen(const Value& value);
std::string show_listen(const ListenPlaces& shown);
Result<std::vector<net::Address>> read_addresses(const Value& value);
std::string show_addresses(const std::vector<net::Address>& shown);
Result<std::optional<net::Address>> read_ip(const Value& value);
std::string show_ip(const std::optional<net::Address>& shown);
Result<std::vector<net::Subnet>> read_subnets(const Value& value);
std::string show_subnets(const std::vector<net::Subnet>& shown);
Result<std::vector<ftp::NatForClient>> read_nat_for_clients(const Value& value);
std::string show_nat_for_clients(const std::vector<ftp::NatForClient>& shown);
Result<std::vector<ftp::NatForLocal>> read_nat_for_local(const Value& value);
std::string show_nat_for_local(const std::vector<ftp::NatForLocal>& shown);
Result<std::string> read_host(const Value& value);
Result<std::string> read_charset(const Value& value);
Result<std::vector<std::string>> read_names(const Value& value);
Result<std::vector<std::string>> read_patterns(const Value& value);
Result<std::uint32_t> read_mode(const Value& value);
Result<Perm> read_letters(const Value& value);
Result<std::uint32_t> read_umask(const Value& value);
std::string show_umask(std::uint32_t shown);
struct PortRange {
    std::uint16_t first = 0;  // 0: no range
    std::uint16_t last = 0;
};
Result<PortRange> read_port_range(const Value& value);
std::string show_port_range(PortRange shown);

template <class Member>
Field texts(Member member, std::string type) {
    return make(std::move(type), "", member, read_list, show_list);
}

Result<std::uint64_t> read_size(const Value& value, std::uint64_t least, std::uint64_t most);

constexpr std::uint64_t any_size = std::numeric_limits<std::uint64_t>::max();
template <class Member>
Field size(Member member, std::uint64_t least = 0, std::uint64_t most = any_size) {
    return make(
        "size", most == any_size ? "" : print_size(least) + " to " + print_size(most), member,
        [=](const Value& value) { return read_size(value, least, most); },
        [](std::uint64_t shown) { return shown == 0 ? "0" : toml_text(print_size(shown)); });
}
template <class Member>
Field rate(Member member) {
    return make(
        "rate", "", member, [](const Value& value) { return read_bytes(value, parse_rate, "2M/s"); },
        [](std::uint64_t shown) { return shown == 0 ? "0" : toml_text(print_rate(shown)); });
}
template <class Member>
Field pam_service(Member member) {
    return make("name", "small letters, digits, \"-\", \"_\" and \".\"", member, read_pam_service,
                [](const std::string& shown) { return toml_text(shown); });
}

template <class Member>
Field place(std::string type, Member member) {  // type: "folder" or "file"
    return make(std::move(type), "", member, read_place, toml_text);
}
template <class Member>
Field protection(Member member) {
    return choice(member, std::vector<std::pair<std::string_view, Protection>>{{"clear", Protection::clear},
                                                                               {"optional", Protection::optional},
                                                                               {"required", Protection::required}});
}
template <class Member>
Field files(Member member) {
    return make("list of files", "", member, read_places, show_list);
}
template <class Member>
Field listen_places(Member member) {
    return make("list of addresses", "IP:PORT, [IPv6]:PORT, HOST:PORT, *:PORT or systemd:NAME", member, read_listen,
                show_listen);
}
template <class Member>
Field addresses(Member member) {
    return make("list of addresses", "IP:PORT, [IPv6]:PORT or *:PORT", member, read_addresses, show_addresses);
}
template <class Member>
Field ip(Member member) {
    return make("IP address", "IPv4; empty: none", member, read_ip, show_ip);
}
template <class Member>
Field letters(Member member) {
    return make("permissions", "letters of elradfmwMTSDO", member, read_letters,
                [](Perm shown) { return toml_text(shown.text()); });
}
template <class Member>
Field subnets(Member member) {
    return make("list of networks", "like \"10.0.0.0/8\" or \"2001:db8::/32\"", member, read_subnets, show_subnets);
}
template <class Member>
Field nat_for_clients(Member member) {
    return make("list of texts", "like \"10.0.0.0/8=10.0.0.5\"", member, read_nat_for_clients, show_nat_for_clients);
}
template <class Member>
Field nat_for_local(Member member) {
    return make("list of texts", "like \"10.0.0.5=203.0.113.7\"", member, read_nat_for_local, show_nat_for_local);
}
template <class Member>
Field host(Member member) {
    return make("name of a host", "empty: none", member, read_host, toml_text);
}
template <class Member>
Field charset(Member member) {
    return make("name of a charset", "as of \"iconv -l\"; empty: none", member, read_charset, toml_text);
}
template <class Member>
Field names(Member member) {
    return make("list of names", "", member, read_names, show_list);
}
template <class Member>
Field patterns(Member member) {
    return make("list of patterns", "* and ? are wildcards", member, read_patterns, show_list);
}
template <class Member>
Field mode(Member member) {
    return make("octal text", "\"000\" to \"777\"", member, read_mode, show_umask);
}
template <class Member>
Field umask(Member member) {
    return make("octal text", "\"000\" to \"777\"", member, read_umask, show_umask);
}
template <class Member>
Field commands(Member member) {
    return make("list of commands", "as HELP shows them, like \"MLSD\" or \"SITE CHMOD\"", member, read_commands,
                show_list);
}
template <class Member>
Field hosts(Member member) {
    return make("list of hosts", "\"NAME\" or \"NAME GREETING\"", member, read_hosts, show_hosts);
}
// Of two members.
template <class First, class Last>
Field port_range(First first, Last last) {
    return {"port range", "\"FROM-TO\", 1024 to 65535; empty: the system chooses",
            [=](Config& config, const Value& value) -> Result<void> {
                const auto range = read_port_range(value);
                if (!range) return std::unexpected(range.error());
                first(config) = range->first;
                last(config) = range->last;
                return {};
            },
            [=](const Config& config) { return show_port_range({first(config), last(config)}); },
            [=](Config& to, const Config& from) {
                first(to) = first(from);
                last(to) = last(from);
            }};
}

}  // namespace fields
}  // namespace wherry
