#include "testing/dialogue_given.h"

#include <vector>

#include "core/text.h"
#include "service/config_keys.h"
#include "service/config_load.h"
#include "testing/dialogue_text.h"
#include "testing/harness.h"

namespace wherry::testing {
namespace {

bool switch_of(std::string_view text) { return text == "on" || text == "true" || text == "yes"; }

// Any key of the configuration, as TOML.
void set_key(Harness& harness, std::string_view name, std::string_view value) {
    const std::size_t dot = name.find('.');
    std::string text = "[" + std::string(name.substr(0, dot)) + "]\n";
    text.append(name.substr(dot + 1)).append(" = ").append(value);
    const LoadedConfig loaded = parse_config(text, "dialogue");
    if (!loaded.problems.empty()) throw Mismatch(loaded.problems.front().text);
    Config config;
    config.ftp.settings = harness.settings;
    config.limits = harness.limits;
    config.rates = harness.rates;
    config.uploads = harness.uploads;
    config.login = harness.logins;
    config.bans = harness.bans;
    config.names = harness.names;
    find_config_key(name)->field.copy(config, loaded.config);
    harness.settings = config.ftp.settings;
    harness.limits = config.limits;
    harness.rates = config.rates;
    harness.uploads = config.uploads;
    harness.logins = config.login;
    harness.bans = config.bans;
    harness.names = config.names;
}

Protection protection_of(std::string_view text) {
    if (text == "clear") return Protection::clear;
    return text == "required" ? Protection::required : Protection::optional;
}

TlsReuse reuse_of(std::string_view text) {
    if (text == "off") return TlsReuse::off;
    return text == "require" ? TlsReuse::require : TlsReuse::prefer;
}

}  // namespace

User user_of(std::string_view rest, std::string& password) {
    User user;
    user.name = word(rest);
    password = word(rest);
    user.permissions = perm::all;
    while (!rest.empty()) {
        const std::string_view token = word(rest);
        const std::size_t equals = token.find('=');
        if (equals == std::string_view::npos) {
            user.permissions = Perm::parse(token).value();
            continue;
        }
        const std::string_view what = token.substr(0, equals);
        const std::string_view value = token.substr(equals + 1);
        if (what.starts_with('/')) {
            user.rules.push_back({Path::resolve(what).value(), Perm::parse(value).value()});
        } else if (what == "storage") {
            user.limits.storage = parse_u63(value).value();
        } else if (what == "sessions") {
            user.limits.sessions = static_cast<std::uint32_t>(parse_u63(value).value());
        } else if (what == "host") {
            user.hosts.emplace_back(value);
        } else if (what == "tls" && value == "login") {
            user.tls_login_required = true;
        } else if (what == "tls" && value == "resumed") {
            user.tls_reuse_required = true;
        } else if (what == "start") {
            user.start = Path::resolve(value).value();
        } else {
            throw Mismatch("a user has no such thing");
        }
    }
    return user;
}

void set_option(Harness& harness, std::string_view name, std::string_view value) {
    if (name == "unreachable") {
        harness.network().unreachable = switch_of(value);
        return;
    }
    if (harness.is_built()) throw Mismatch("must be given before the first connection");
    if (name.find('.') != std::string_view::npos) return set_key(harness, name, value);
    const auto seconds = [&] { return std::chrono::duration_cast<std::chrono::seconds>(span_of(value)); };
    const auto number = [&] { return static_cast<std::uint32_t>(parse_u63(value).value()); };
    ftp::Settings& settings = harness.settings;
    if (name == "greeting")
        settings.greeting = unquote(value);
    else if (name == "idle_timeout")
        settings.idle_timeout = seconds();
    else if (name == "login_timeout")
        settings.login_timeout = seconds();
    else if (name == "data_connect_timeout")
        settings.data_connect_timeout = seconds();
    else if (name == "stall_timeout")
        settings.stall_timeout = seconds();
    else if (name == "line_limit")
        settings.line_limit = number();
    else if (name == "tls_control")
        settings.tls.control = protection_of(value);
    else if (name == "tls_data")
        settings.tls.data = protection_of(value);
    else if (name == "reuse")
        settings.tls.reuse = reuse_of(value);
    else if (name == "lenient_end")
        settings.tls.lenient_end = switch_of(value);
    else if (name == "clear_again")
        settings.tls.clear_again = switch_of(value);
    else if (name == "handshake_timeout")
        settings.tls.handshake_timeout = seconds();
    else if (name == "tls_required_here")
        harness.tls_required_here = switch_of(value);
    else if (name == "implicit_tls")
        harness.implicit_tls = switch_of(value);
    else if (name == "passive")
        settings.passive = switch_of(value);
    else if (name == "active")
        settings.active = switch_of(value);
    else if (name == "foreign_addresses")
        settings.foreign_addresses = switch_of(value);
    else if (name == "privileged_ports")
        settings.privileged_ports = switch_of(value);
    else if (name == "passive_first")
        settings.passive_first = static_cast<std::uint16_t>(number());
    else if (name == "passive_last")
        settings.passive_last = static_cast<std::uint16_t>(number());
    else if (name == "nat_address")
        settings.nat_address = net::Address::parse_ip(value, 0).value();
    else if (name == "transfers")
        harness.limits.transfers = number();
    else if (name == "sessions")
        harness.limits.sessions = number();
    else if (name == "sessions_per_address")
        harness.limits.sessions_per_address = number();
    else if (name == "attempts")
        harness.logins.attempts = number();
    else if (name == "failure_delay")
        harness.logins.failure_delay = seconds();
    else if (name == "atomic")
        harness.uploads.atomic = switch_of(value);
    else if (name == "keep_partial")
        harness.uploads.keep_partial = switch_of(value);
    else if (name == "overwrite")
        harness.uploads.overwrite = switch_of(value);
    else if (name == "download_rate")
        harness.rates.session_download = number();
    else if (name == "upload_rate")
        harness.rates.session_upload = number();
    else
        throw Mismatch("there is no such setting");
}

}  // namespace wherry::testing
