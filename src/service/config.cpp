#include "service/config.h"

#include <algorithm>

#include "core/text.h"

namespace wherry {

namespace {

constexpr std::string_view handed_over_prefix = "systemd:";

// The last part of a name has a letter: what has digits alone is a mistake in an address.
bool is_host_name(std::string_view text) {
    constexpr std::size_t longest = 253;
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; };
    if (text.empty() || text.size() > longest || !std::ranges::all_of(text, fits)) return false;
    if (text.ends_with('.')) text.remove_suffix(1);
    return std::ranges::any_of(split(text, '.').back(), is_letter);
}

}  // namespace

Result<ListenPlace> ListenPlace::parse(std::string_view text) {
    if (!text.starts_with(handed_over_prefix)) {
        const auto address = net::Address::parse(text);
        if (address) return ListenPlace(*address);
        const auto colon = text.rfind(':');
        if (colon == std::string_view::npos || !is_host_name(text.substr(0, colon))) {
            return std::unexpected(address.error());
        }
        const auto port = net::Address::parse(text.substr(colon));
        if (!port) return std::unexpected(port.error());
        ListenPlace place(*port);
        place.host = lower(text.substr(0, colon));
        return place;
    }
    ListenPlace place{net::Address()};
    place.sockets = text.substr(handed_over_prefix.size());
    if (place.sockets.empty() || place.sockets.contains(':')) {
        return fail(Code::invalid,
                    "'" + std::string(text) + "' is not systemd:NAME, a FileDescriptorName= of its unit");
    }
    return place;
}

std::string ListenPlace::text() const {
    if (!sockets.empty()) return std::string(handed_over_prefix) + sockets;
    return host.empty() ? address.text() : host + ":" + std::to_string(address.port());
}

std::vector<std::pair<std::string_view, const ListenPlaces*>> listen_lists(const Config& config) {
    return {{"ftp.listen", &config.ftp.listen},
            {"ftp.tls_listen", &config.ftp.tls_listen},
            {"ftp.implicit_listen", &config.ftp.implicit_listen},
            {"tftp.listen", &config.tftp.listen},
            {"i2ftp.listen", &config.i2ftp.listen},
            {"i2ftp.tls_listen", &config.i2ftp.tls_listen}};
}

bool names_sockets(const Config& config, std::string_view name) {
    const auto is_named = [&](const ListenPlace& place) { return !place.sockets.empty() && place.sockets == name; };
    return std::ranges::any_of(listen_lists(config),
                               [&](const auto& list) { return std::ranges::any_of(*list.second, is_named); });
}

bool wants_tls(const Config& config) {
    if (!config.i2ftp.tls_listen.empty() || !config.ftp.tls_listen.empty()) return true;
    if (!config.ftp.implicit_listen.empty()) return true;
    return config.ftp.served() && config.ftp.settings.tls.control != Protection::clear;
}

bool needs_tls(const Config& config) {
    const ftp::TlsRules& rules = config.ftp.settings.tls;
    const bool required = rules.control == Protection::required || rules.data == Protection::required;
    return (config.ftp.served() && required) || !config.ftp.tls_listen.empty() || !config.ftp.implicit_listen.empty() ||
           !config.i2ftp.tls_listen.empty();
}

CertificateRule certificate_rule(TlsConfig::UserOf part) {
    using enum TlsConfig::UserOf;
    if (part == none) return {};
    return [part](const ClientCertificate& certificate, const std::string& user) {
        if (part == common_name) return certificate.common_name == user;
        const auto& names = part == email ? certificate.emails : certificate.dns_names;
        return std::ranges::find(names, user) != names.end();
    };
}

net::TlsOptions tls_options(const Config& config) {
    net::TlsOptions options;
    options.certificates.push_back({config.tls.certificate, config.tls.key});
    for (const std::string& file : config.tls.other_certificates) options.certificates.push_back({file, {}});
    options.minimum = config.tls.minimum;
    options.ciphers = config.tls.ciphers;
    options.cipher_suites = config.tls.cipher_suites;
    options.kernel = config.tls.ktls;
    options.client_certificates = config.tls.client_certificates;
    options.client_authorities = config.tls.client_authorities;
    options.client_revocations = config.tls.client_revocations;
    options.resumption = config.ftp.settings.tls.reuse != TlsReuse::off;
    return options;
}

}  // namespace wherry
