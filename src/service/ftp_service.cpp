#include "service/config_keys.h"
#include "service/server_state.h"
#include "wherry/ftp.h"

namespace wherry {
namespace {

// One setter of ftp::Settings.
template <class State, class Value>
void store(State& state, Value ftp::Settings::* member, Value value) {
    state.set([&](Config& config) { config.ftp.settings.*member = std::move(value); });
}

// One of ftp::Hooks.
template <class State, class Function>
void store(State& state, Function ftp::Hooks::* member, Function function) {
    state.set([&](auto&) { state.parts.ftp.*member = std::move(function); });
}

}  // namespace

FtpService FtpService::listen(std::string address) {
    const auto list = [](Config& config) -> ListenPlaces& { return config.ftp.listen; };
    return server_->state_->add_place(list, address, "listen"), *this;
}

FtpService FtpService::listen_on(int descriptor) {
    server_->state_->set([&](Config& config) { config.ftp.descriptors.push_back(descriptor); });
    return *this;
}

FtpService FtpService::listen_implicit(std::string address) {
    const auto list = [](Config& config) -> ListenPlaces& { return config.ftp.implicit_listen; };
    return server_->state_->add_place(list, address, "listen_implicit"), *this;
}

FtpService FtpService::tls(std::string certificate, std::string key) {
    auto& state = *server_->state_;
    if (certificate.empty()) {
        state.mistake({Code::invalid, 0, "tls: the name of the certificate's file is empty"});
        return *this;
    }
    bool refused = false;
    state.set([&](Config& config) {
        if (config.tls.certificate.empty()) {
            config.tls.certificate = std::move(certificate);
            config.tls.key = std::move(key);
        } else if (key.empty()) {
            config.tls.other_certificates.push_back(std::move(certificate));
        } else {
            refused = true;
        }
    });
    if (refused) state.mistake({Code::invalid, 0, "tls: a further certificate has its key in the same file"});
    return *this;
}

FtpService FtpService::protect_control(Protection rule) {
    server_->state_->set([&](Config& config) { config.ftp.settings.tls.control = rule; });
    return *this;
}
FtpService FtpService::protect_data(Protection rule) {
    server_->state_->set([&](Config& config) { config.ftp.settings.tls.data = rule; });
    return *this;
}
FtpService FtpService::tls_reuse(TlsReuse rule) {
    server_->state_->set([&](Config& config) { config.ftp.settings.tls.reuse = rule; });
    return *this;
}
FtpService FtpService::tls_minimum(TlsVersion version) {
    server_->state_->set([&](Config& config) { config.tls.minimum = version; });
    return *this;
}
FtpService FtpService::tls_handshake_timeout(std::chrono::seconds span) {
    server_->state_->set([&](Config& config) { config.ftp.settings.tls.handshake_timeout = span; });
    return *this;
}
FtpService FtpService::tls_lenient_end(bool on) {
    server_->state_->set([&](Config& config) { config.ftp.settings.tls.lenient_end = on; });
    return *this;
}
FtpService FtpService::tls_clear_again(bool on) {
    server_->state_->set([&](Config& config) { config.ftp.settings.tls.clear_again = on; });
    return *this;
}
FtpService FtpService::tls_by_kernel(bool on) {
    server_->state_->set([&](Config& config) { config.tls.ktls = on; });
    return *this;
}
FtpService FtpService::client_certificates(ClientCertificates rule, std::string authorities, std::string revocations) {
    server_->state_->set([&](Config& config) {
        config.tls.client_certificates = rule;
        config.tls.client_authorities = std::move(authorities);
        config.tls.client_revocations = std::move(revocations);
    });
    return *this;
}
FtpService FtpService::certificate_login(CertificateRule rule) {
    server_->state_->set([&](Config&) { server_->state_->parts.certificate_rule = std::move(rule); });
    return *this;
}

FtpService FtpService::passive_ports(std::uint16_t first, std::uint16_t last) {
    auto& state = *server_->state_;
    if (last < first || (first == 0 && last != 0)) {
        state.mistake(
            {Code::invalid, 0,
             "passive_ports: from " + std::to_string(first) + " to " + std::to_string(last) + " is no range of ports"});
        return *this;
    }
    state.set([&](Config& config) {
        config.ftp.settings.passive_first = first;
        config.ftp.settings.passive_last = last;
    });
    return *this;
}

FtpService FtpService::nat_address(std::string address) {
    auto& state = *server_->state_;
    const auto parsed = net::Address::parse_ip(address, 0);
    if (parsed && !parsed->is_ipv6()) {
        state.set([&](Config& config) { config.ftp.settings.nat_address = *parsed; });
    } else {
        state.mistake({Code::invalid, 0, "nat_address: '" + address + "' is not an IPv4 address"});
    }
    return *this;
}

FtpService FtpService::nat_address_for_client(std::string network, std::string address) {
    auto& state = *server_->state_;
    const auto subnet = net::Subnet::parse(network);
    const auto shown = net::Address::parse_ip(address, 0);
    if (subnet && shown && !shown->is_ipv6()) {
        state.set([&](Config& config) { config.ftp.settings.nat_for_clients.push_back({*subnet, *shown}); });
    } else {
        state.mistake(
            {Code::invalid, 0,
             "nat_address_for_client: '" + network + "', '" + address + "' are not a network and an IPv4 address"});
    }
    return *this;
}

FtpService FtpService::nat_address_for_local(std::string local, std::string address) {
    auto& state = *server_->state_;
    const auto reached = net::Address::parse_ip(local, 0);
    const auto shown = net::Address::parse_ip(address, 0);
    if (reached && shown && !shown->is_ipv6()) {
        state.set([&](Config& config) { config.ftp.settings.nat_for_local.push_back({*reached, *shown}); });
    } else {
        state.mistake(
            {Code::invalid, 0,
             "nat_address_for_local: '" + local + "', '" + address + "' are not an address and an IPv4 address"});
    }
    return *this;
}

FtpService FtpService::nat_resolver(std::function<Result<std::string>(const NatQuestion&)> ask,
                                    std::chrono::seconds cache, std::chrono::milliseconds wait) {
    server_->state_->set([&](Config& config) {
        config.ftp.settings.nat_resolver = std::move(ask);
        config.ftp.settings.nat_cache = cache;
        config.ftp.settings.nat_timeout = wait;
    });
    return *this;
}

FtpService FtpService::nat_host(std::string name) {
    return store(*server_->state_, &ftp::Settings::nat_host, std::move(name)), *this;
}

FtpService FtpService::announced_ports(std::uint16_t first, std::uint16_t last) {
    server_->state_->set([&](Config& config) {
        config.ftp.settings.announced_first = first;
        config.ftp.settings.announced_last = last;
    });
    return *this;
}

FtpService FtpService::share_passive_ports(bool on) {
    return store(*server_->state_, &ftp::Settings::share_passive_ports, on), *this;
}

FtpService FtpService::foreign_network(std::string network) {
    auto& state = *server_->state_;
    if (const auto subnet = net::Subnet::parse(network)) {
        state.set([&](Config& config) { config.ftp.settings.foreign_networks.push_back(*subnet); });
    } else {
        state.mistake({Code::invalid, 0, "foreign_network: " + subnet.error().message});
    }
    return *this;
}

FtpService FtpService::passive(bool on) { return store(*server_->state_, &ftp::Settings::passive, on), *this; }
FtpService FtpService::active(bool on) { return store(*server_->state_, &ftp::Settings::active, on), *this; }
FtpService FtpService::foreign_addresses(bool on) {
    return store(*server_->state_, &ftp::Settings::foreign_addresses, on), *this;
}
FtpService FtpService::privileged_ports(bool on) {
    return store(*server_->state_, &ftp::Settings::privileged_ports, on), *this;
}
FtpService FtpService::active_from_port_20(bool on) {
    return store(*server_->state_, &ftp::Settings::active_from_port_20, on), *this;
}
FtpService FtpService::greeting(std::string text) {
    return store(*server_->state_, &ftp::Settings::greeting, std::move(text)), *this;
}
FtpService FtpService::login_message(std::string text) {
    return store(*server_->state_, &ftp::Settings::login_message, std::move(text)), *this;
}
FtpService FtpService::quit_message(std::string text) {
    return store(*server_->state_, &ftp::Settings::quit_message, std::move(text)), *this;
}
FtpService FtpService::command(FtpCommand row, FtpFunction run) {
    auto& state = *server_->state_;
    Result<void> added;
    state.set([&](Config&) { added = ftp::add_command(state.parts.ftp, {std::move(row), std::move(run)}); });
    if (!added) state.mistake(std::move(added.error()));
    return *this;
}
FtpService FtpService::before_command(std::function<std::optional<FtpReply>(const FtpCall&)> decide) {
    return store(*server_->state_, &ftp::Hooks::before_command, std::move(decide)), *this;
}
FtpService FtpService::greeting(std::function<FtpWelcome(const SessionInfo&)> receive) {
    return store(*server_->state_, &ftp::Hooks::greeting, std::move(receive)), *this;
}
FtpService FtpService::allow_name(std::function<Verdict(const SessionInfo&, const std::string&)> decide) {
    return store(*server_->state_, &ftp::Hooks::allow_name, std::move(decide)), *this;
}
FtpService FtpService::login_message(std::function<std::string(const SessionInfo&, const User&)> tell) {
    return store(*server_->state_, &ftp::Hooks::login_message, std::move(tell)), *this;
}
FtpService FtpService::quit_message(std::function<std::string(const SessionInfo&)> tell) {
    return store(*server_->state_, &ftp::Hooks::quit_message, std::move(tell)), *this;
}
FtpService FtpService::login_timeout(std::chrono::seconds span) {
    return store(*server_->state_, &ftp::Settings::login_timeout, span), *this;
}
FtpService FtpService::data_connect_timeout(std::chrono::seconds span) {
    return store(*server_->state_, &ftp::Settings::data_connect_timeout, span), *this;
}
FtpService FtpService::stall_timeout(std::chrono::seconds span) {
    return store(*server_->state_, &ftp::Settings::stall_timeout, span), *this;
}
FtpService FtpService::line_limit(std::size_t bytes) {
    return store(*server_->state_, &ftp::Settings::line_limit, bytes), *this;
}
FtpService FtpService::set(const std::string& key, const Value& value) {
    auto& state = *server_->state_;
    const ConfigKey* const row = find_config_key("ftp." + key);
    if (row == nullptr) {
        state.mistake({Code::invalid, 0, "set: there is no key ftp." + key});
        return *this;
    }
    Result<void> done;
    state.set([&](Config& config) {
        done = std::visit([&](const auto& typed) { return row->field.set(config, wherry::Value(typed)); }, value);
    });
    if (!done) state.mistake({Code::invalid, 0, "set: ftp." + key + ": " + done.error().message});
    return *this;
}
FtpService FtpService::local_time(bool on) {
    return store(*server_->state_, &ftp::Settings::show_local_time, on), *this;
}

}  // namespace wherry
