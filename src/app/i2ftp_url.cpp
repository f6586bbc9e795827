#include "app/i2ftp_url.h"

#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "core/hex.h"
#include "core/text.h"

namespace wherry::app {
namespace {

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int byte = text[i] == '%' && i + 2 < text.size() ? hex_byte(text[i + 1], text[i + 2]) : -1;
        if (byte < 0) {
            out += text[i];
            continue;
        }
        out += static_cast<char>(byte);
        i += 2;
    }
    return out;
}

}  // namespace

std::string I2ftpUrl::name() const { return path == "." ? std::string() : path.substr(path.rfind('/') + 1); }

Result<I2ftpUrl> parse_i2ftp_url(std::string_view text) {
    constexpr std::string_view scheme = "i2ftp://";
    constexpr std::string_view tls_scheme = "i2ftps://";
    const std::string_view whole = text;
    I2ftpUrl url;
    if (istarts_with(text, scheme)) {
        text.remove_prefix(scheme.size());
    } else if (istarts_with(text, tls_scheme)) {
        text.remove_prefix(tls_scheme.size());
        url.tls = true;
        url.port = I2ftpUrl::default_tls_port;
    } else if (text.contains("://")) {
        return fail(Code::invalid, fmt::format("'{}' is no URL like i2ftp://host:26842/path", whole));
    }
    const auto slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return fail(Code::invalid, fmt::format("'{}': a ']' is missing", whole));
        url.host = authority.substr(1, end - 1);
        authority.remove_prefix(end + 1);
    } else {
        url.host = authority.substr(0, authority.find(':'));
        authority.remove_prefix(url.host.size());
    }
    if (url.host.empty() || (!authority.empty() && authority.front() != ':')) {
        return fail(Code::invalid, fmt::format("'{}' is no URL like i2ftp://host:26842/path", whole));
    }
    if (!authority.empty()) {
        const auto port = parse_at_most(authority.substr(1), 65535);
        if (!port || *port == 0) {
            return fail(Code::invalid, fmt::format("'{}': '{}' is no port", whole, authority.substr(1)));
        }
        url.port = static_cast<std::uint16_t>(*port);
    }
    std::string path = slash == std::string_view::npos ? "" : decoded(text.substr(slash + 1));
    while (path.starts_with('/')) path.erase(0, 1);
    while (path.ends_with('/')) path.pop_back();
    if (!path.empty()) url.path = std::move(path);
    return url;
}

Result<net::Address> resolve_host(const std::string& host, std::uint16_t port) {
    if (auto number = net::Address::parse_ip(host, port)) return number;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, [](addrinfo* list) {
        if (list != nullptr) freeaddrinfo(list);
    });
    if (error != 0) return fail(Code::not_found, fmt::format("looking for {}: {}", host, gai_strerror(error)));
    // The original listens on IPv4 alone.
    const addrinfo* best = all.get();
    for (const addrinfo* one = all.get(); one != nullptr; one = one->ai_next) {
        if (one->ai_family == AF_INET) {
            best = one;
            break;
        }
    }
    sockaddr_storage system{};
    std::memcpy(&system, best->ai_addr, best->ai_addrlen);
    return net::Address::from_system(system).with_port(port);
}

Result<SharedKey> find_i2ftp_key(const std::string& file) {
    if (!file.empty()) return SharedKey::from_file(file);
    if (const char* const digits = std::getenv("WHERRY_I2FTP_KEY")) {
        auto key = SharedKey::from_hex(digits);
        if (!key) key.error().message = "WHERRY_I2FTP_KEY: " + key.error().message;
        return key;
    }
    if (const char* const named = std::getenv("WHERRY_I2FTP_KEY_FILE")) return SharedKey::from_file(named);
    if (const char* const home = std::getenv("HOME")) {
        const std::string usual = std::string(home) + "/.config/wherry/i2ftp.key";
        if (access(usual.c_str(), F_OK) == 0) return SharedKey::from_file(usual);
    }
    return fail(Code::not_found,
                "no key: name a file with --key-file, or put the key into WHERRY_I2FTP_KEY or "
                "~/.config/wherry/i2ftp.key");
}

}  // namespace wherry::app
