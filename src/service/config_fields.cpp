#include "service/config_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/suggest.h"
#include "core/text.h"
#include "ftp/charset.h"
#include "ftp/commands.h"

namespace wherry::fields {
namespace {

constexpr std::uint64_t most_bytes = std::numeric_limits<std::int64_t>::max();

template <class... Args>
std::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) {
    return fail(Code::invalid, fmt::format(format, std::forward<Args>(args)...));
}

std::optional<std::uint64_t> natural(const Value& value) {
    const auto* const number = std::get_if<std::int64_t>(&value);
    return number != nullptr && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    const auto port = parse_at_most(trim(text), 65535);
    return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

}  // namespace

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (is_control(c)) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out += '"';
}

Result<bool> read_flag(const Value& value) {
    if (const auto* const flag = std::get_if<bool>(&value)) return *flag;
    return wrong("must be true or false, without quotation marks");
}

Result<std::string> read_text(const Value& value, std::size_t most) {
    const auto* const text = std::get_if<std::string>(&value);
    if (text == nullptr) return wrong("must be text; write it in quotation marks");
    if (text->size() > most) return wrong("must have at most {} bytes", most);
    const auto forbidden = [](char c) { return is_control(c) && c != '\n'; };
    if (std::any_of(text->begin(), text->end(), forbidden)) {
        return wrong("must not hold control characters other than line ends (\\n)");
    }
    return *text;
}

Result<std::vector<std::string>> read_list(const Value& value) {
    if (const auto* const one = std::get_if<std::string>(&value)) return std::vector{*one};
    if (const auto* const list = std::get_if<std::vector<std::string>>(&value)) return *list;
    return wrong("must be text, or a list of texts in [ ]");
}

Result<std::uint64_t> read_number(const Value& value, std::uint64_t least, std::uint64_t most) {
    const auto number = natural(value);
    if (number && *number >= least && *number <= most) return *number;
    return wrong("must be a whole number from {} to {}", least, most);
}

Result<std::uint64_t> read_bytes(const Value& value, ParseBytes parse, std::string_view example) {
    if (const auto* const text = std::get_if<std::string>(&value)) {
        if (const auto bytes = parse(*text)) return *bytes;
    } else if (const auto number = natural(value)) {
        return *number;
    }
    return wrong("must be a number of bytes from 0 to {}, or text with a unit like \"{}\"", most_bytes, example);
}

Result<std::chrono::milliseconds> read_duration(const Value& value, std::chrono::milliseconds least,
                                                std::chrono::milliseconds most, std::chrono::milliseconds step) {
    std::optional<std::chrono::milliseconds> span;
    if (const auto* const text = std::get_if<std::string>(&value)) {
        span = parse_duration(*text);
    } else if (const auto seconds = natural(value)) {
        span = parse_duration(std::to_string(*seconds));
    }
    if (!span) return wrong("must be a number of seconds, or text with a unit like \"90s\", \"5m\" or \"1h\"");
    if (*span < least || *span > most) {
        return wrong("must be from \"{}\" to \"{}\"", print_duration(least), print_duration(most));
    }
    if (*span % step != std::chrono::milliseconds(0)) return wrong("must be whole seconds");
    return *span;
}

Result<std::size_t> read_choice(const Value& value, const std::vector<std::string_view>& words) {
    const auto* const text = std::get_if<std::string>(&value);
    if (text != nullptr) {
        const auto found = std::find(words.begin(), words.end(), *text);
        if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    }
    std::string list;
    for (const std::string_view word : words) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", word);
    const std::string_view near = text == nullptr ? std::string_view() : suggest(*text, words);
    return near.empty() ? wrong("must be one of {}", list)
                        : wrong("must be one of {}; did you mean \"{}\"?", list, near);
}

// --- files and folders ---------------------------------------------------------------------------

Result<std::string> read_place(const Value& value) {
    auto text = read_text(value, 4096);
    if (text && !text->empty() && text->front() != '/') {
        return wrong("must be an absolute path: it begins with \"/\"");
    }
    return text;
}

// PAM takes the name of a file, and takes capitals for small letters.
Result<std::string> read_pam_service(const Value& value) {
    auto text = read_text(value, 64);
    if (!text) return text;
    const bool known = text->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
    if (text->empty() || text->front() == '.' || !known) {
        return wrong("must be the name of a file in /etc/pam.d: small letters, digits, \"-\", \"_\" and \".\"");
    }
    return text;
}

Result<std::vector<std::string>> read_places(const Value& value) {
    auto list = read_list(value);
    if (!list) return list;
    for (const std::string& text : *list) {
        if (text.empty() || text.front() != '/') {
            return wrong("\"{}\" must be an absolute path: it begins with \"/\"", for_log(text));
        }
    }
    return list;
}

Result<std::uint64_t> read_size(const Value& value, std::uint64_t least, std::uint64_t most) {
    auto bytes = read_bytes(value, parse_size, "10M");
    if (bytes && (*bytes < least || *bytes > most)) {
        return wrong("must be from {} to {}", print_size(least), print_size(most));
    }
    return bytes;
}

Result<std::vector<std::string>> read_program(const Value& value) {
    constexpr std::size_t most_arguments = 64;
    auto list = read_list(value);
    if (!list || list->empty()) return list;
    if (list->front().empty() || list->front().front() != '/') {
        return wrong("must begin with the absolute path of a program: [\"/path/program\", \"argument\"]");
    }
    for (const std::string& text : *list) {
        if (text.contains('\0')) return wrong("must hold no NUL");
    }
    if (list->size() > most_arguments) return wrong("must be no more than {} texts", most_arguments);
    return list;
}

Result<std::vector<ftp::VirtualHost>> read_hosts(const Value& value) {
    const auto list = read_list(value);
    if (!list) return std::unexpected(list.error());
    std::vector<ftp::VirtualHost> hosts;
    for (const std::string& text : *list) {
        const std::size_t blank = text.find(' ');
        ftp::VirtualHost host{lower(text.substr(0, blank)), {}};
        if (blank != std::string::npos) host.greeting = text.substr(blank + 1);
        if (host.name.empty() || host.name.size() > 255 || has_control(text)) {
            return wrong("must be names, each with a greeting behind a blank if you like; \"{}\" is none",
                         for_log(text));
        }
        const auto same = [&](const ftp::VirtualHost& other) { return other.name == host.name; };
        if (std::any_of(hosts.begin(), hosts.end(), same))
            return wrong("must not name \"{}\" twice", for_log(host.name));
        hosts.push_back(std::move(host));
    }
    return hosts;
}

std::string show_hosts(const std::vector<ftp::VirtualHost>& shown) {
    std::vector<std::string> list;
    for (const ftp::VirtualHost& host : shown) {
        list.push_back(host.greeting.empty() ? host.name : host.name + " " + host.greeting);
    }
    return show_list(list);
}

Result<std::vector<std::string>> read_commands(const Value& value) {
    auto list = read_list(value);
    if (!list) return list;
    for (std::string& name : *list) {
        name = upper(name);
        if (!ftp::can_be_disabled(name)) {
            return wrong("must be commands that can be done without; \"{}\" is none", for_log(name));
        }
    }
    return list;
}

std::string show_list(const std::vector<std::string>& shown) {
    std::string out = "[";
    for (const std::string& text : shown) out += (out.size() == 1 ? "" : ", ") + toml_text(text);
    return out + ']';
}

// --- addresses and ports -------------------------------------------------------------------------

Result<ListenPlaces> read_listen(const Value& value) {
    const auto list = read_list(value);
    if (!list) return std::unexpected(list.error());
    ListenPlaces places;
    for (const std::string& text : *list) {
        auto place = ListenPlace::parse(text);
        if (!place) return std::unexpected(std::move(place.error()));
        const bool again = std::find(places.begin(), places.end(), *place) != places.end();
        if (again && (place->address.port() != 0 || !place->sockets.empty())) {
            return wrong("\"{}\" is there twice", for_log(text));
        }
        places.push_back(std::move(*place));
    }
    return places;
}

Result<std::vector<net::Address>> read_addresses(const Value& value) {
    const auto places = read_listen(value);
    if (!places) return std::unexpected(places.error());
    std::vector<net::Address> addresses;
    for (const ListenPlace& place : *places) {
        if (!place.is_address()) return wrong("\"{}\" is no address", for_log(place.text()));
        addresses.push_back(place.address);
    }
    return addresses;
}

std::string show_listen(const ListenPlaces& shown) {
    std::vector<std::string> texts;
    for (const ListenPlace& place : shown) {
        const bool all = place.is_address() && place.address.is_ipv6() && place.address.is_unspecified();
        texts.push_back(all ? fmt::format("*:{}", place.address.port()) : place.text());
    }
    return show_list(texts);
}

std::string show_addresses(const std::vector<net::Address>& shown) {
    return show_listen(ListenPlaces(shown.begin(), shown.end()));
}

Result<std::optional<net::Address>> read_ip(const Value& value) {
    const auto text = read_text(value, 64);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return std::nullopt;
    const auto address = net::Address::parse_ip(*text, 0);
    if (address && !address->is_ipv6() && !address->is_unspecified()) return *address;
    return wrong("\"{}\" must be an IPv4 address in digits, like \"203.0.113.7\"", for_log(*text));
}

std::string show_ip(const std::optional<net::Address>& shown) { return toml_text(shown ? shown->ip() : ""); }

Result<std::vector<net::Subnet>> read_subnets(const Value& value) {
    const auto list = read_list(value);
    if (!list) return std::unexpected(list.error());
    std::vector<net::Subnet> subnets;
    for (const std::string& text : *list) {
        const auto subnet = net::Subnet::parse(text);
        if (!subnet) return wrong("must be networks like \"10.0.0.0/8\": {}", for_log(subnet.error().message));
        subnets.push_back(*subnet);
    }
    return subnets;
}

std::string show_subnets(const std::vector<net::Subnet>& shown) {
    std::vector<std::string> texts;
    for (const net::Subnet& subnet : shown) texts.push_back(subnet.text());
    return show_list(texts);
}

namespace {

// "LEFT=ADDRESS", taken apart.
Result<std::pair<std::string_view, net::Address>> read_pair(std::string_view text, std::string_view example) {
    const auto equals = text.find('=');
    const auto shown = net::Address::parse_ip(trim(text.substr(std::min(equals, text.size() - 1) + 1)), 0);
    if (equals == std::string_view::npos || !shown || shown->is_ipv6() || shown->is_unspecified()) {
        return wrong("must be texts like \"{}\", with an IPv4 address at the end; \"{}\" is not", example,
                     for_log(text));
    }
    return std::pair(trim(text.substr(0, equals)), *shown);
}

}  // namespace

Result<std::vector<ftp::NatForClient>> read_nat_for_clients(const Value& value) {
    const auto list = read_list(value);
    if (!list) return std::unexpected(list.error());
    std::vector<ftp::NatForClient> rules;
    for (const std::string& text : *list) {
        const auto pair = read_pair(text, "10.0.0.0/8=10.0.0.5");
        if (!pair) return std::unexpected(pair.error());
        const auto subnet = net::Subnet::parse(pair->first);
        if (!subnet) return wrong("must begin with networks: {}", for_log(subnet.error().message));
        rules.push_back({*subnet, pair->second});
    }
    return rules;
}

std::string show_nat_for_clients(const std::vector<ftp::NatForClient>& shown) {
    std::vector<std::string> texts;
    for (const auto& rule : shown) texts.push_back(rule.client.text() + "=" + rule.shown.ip());
    return show_list(texts);
}

Result<std::vector<ftp::NatForLocal>> read_nat_for_local(const Value& value) {
    const auto list = read_list(value);
    if (!list) return std::unexpected(list.error());
    std::vector<ftp::NatForLocal> rules;
    for (const std::string& text : *list) {
        const auto pair = read_pair(text, "10.0.0.5=203.0.113.7");
        if (!pair) return std::unexpected(pair.error());
        const auto local = net::Address::parse_ip(pair->first, 0);
        if (!local) return wrong("must begin with addresses: {}", for_log(local.error().message));
        rules.push_back({*local, pair->second});
    }
    return rules;
}

std::string show_nat_for_local(const std::vector<ftp::NatForLocal>& shown) {
    std::vector<std::string> texts;
    for (const auto& rule : shown) texts.push_back(rule.local.ip() + "=" + rule.shown.ip());
    return show_list(texts);
}

Result<std::string> read_host(const Value& value) {
    auto text = read_text(value, 253);
    const auto wrong_in_name = [](char c) { return !is_letter(c) && !is_digit(c) && c != '.' && c != '-'; };
    if (text && std::any_of(text->begin(), text->end(), wrong_in_name)) {
        return wrong("must be the name of a host, like \"ftp.example.org\"; \"{}\" is none", for_log(*text));
    }
    return text;
}

Result<std::string> read_charset(const Value& value) {
    auto text = read_text(value, 64);
    if (!text || text->empty()) return text;
    if (const auto charset = ftp::Charset::open(*text); !charset) {
        return wrong("must be a charset for names, like \"GBK\": {}", charset.error().message);
    }
    return text;
}

Result<std::vector<std::string>> read_names(const Value& value) {
    auto list = read_list(value);
    if (list && std::ranges::any_of(*list, [](const auto& name) { return name.empty() || has_control(name); })) {
        return wrong("must be names; one is empty or holds control characters");
    }
    return list;
}

Result<std::vector<std::string>> read_patterns(const Value& value) {
    auto list = read_list(value);
    if (!list) return list;
    if (list->size() > 1000) return wrong("must have at most 1000 patterns");
    for (const std::string& pattern : *list) {
        const bool whole_path = pattern.find('/') != std::string::npos;
        if (pattern.empty() || has_control(pattern) || pattern.ends_with('/')) {
            return wrong("must be patterns of names like \"*.tmp\", or of paths like \"/private/*\"; \"{}\" is neither",
                         for_log(pattern));
        }
        if (whole_path && !pattern.starts_with('/')) {
            return wrong("must be patterns; of a path, as \"{}\" is, it begins with \"/\"", for_log(pattern));
        }
    }
    return list;
}

Result<PortRange> read_port_range(const Value& value) {
    const auto text = read_text(value, 64);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return PortRange{};
    const auto parts = split(*text, '-');
    const auto first = port_of(parts.front());
    const auto last = port_of(parts.back());
    if (!first || !last || parts.size() != 2) return wrong("must be two ports like \"50000-50099\"");
    if (*first < 1024) return wrong("must begin at 1024 or above: lower ports belong to other services");
    if (*last < *first) return wrong("runs backwards; write \"{}-{}\"", *last, *first);
    return PortRange{*first, *last};
}

std::string show_port_range(PortRange shown) {
    return toml_text(shown.first == 0 ? "" : fmt::format("{}-{}", shown.first, shown.last));
}

// --- rights --------------------------------------------------------------------------------------

Result<Perm> read_letters(const Value& value) {
    const auto text = read_text(value, 64);
    if (!text) return std::unexpected(text.error());
    const auto letters = Perm::parse(*text);
    if (!letters) return wrong("must be letters only, as in \"{}\"", perm::all.text());
    return *letters;
}

Result<std::uint32_t> read_umask(const Value& value) {
    const auto* const text = std::get_if<std::string>(&value);
    const bool octal = text != nullptr && !text->empty() && text->size() <= 4 &&
                       std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '7'; });
    std::uint32_t mask = 0;
    if (octal) {
        for (const char c : *text) mask = mask * 8 + static_cast<std::uint32_t>(c - '0');
    }
    if (!octal || mask > 0777) return wrong("must be octal digits in quotation marks, like \"022\"");
    return mask;
}

Result<std::uint32_t> read_mode(const Value& value) { return read_umask(value); }

std::string show_umask(std::uint32_t shown) { return fmt::format("\"{:03o}\"", shown); }

}  // namespace wherry::fields
