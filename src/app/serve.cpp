// wherry serve [DIR]
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "app/certificate.h"
#include "app/commands.h"
#include "app/process.h"
#include "app/prompt.h"
#include "app/serve_options.h"
#include "app/welcome.h"
#include "auth/static_users.h"
#include "service/config_check.h"
#include "service/i2ftp_users.h"
#include "service/run.h"

namespace wherry::app {
namespace {

Result<Password> password_of(const ServeOptions& options) {
    if (options.password) return Password(*options.password);
    if (can_ask()) return ask_password(fmt::format("Password for {}: ", options.user));
    return fail(
        Code::invalid,
        fmt::format("--username {}: a password is needed; give --password, or set WHERRY_PASSWORD", options.user));
}

// The user of -u, whose home is the shared folder.
Result<void> add_user(const ServeOptions& options, const Config& config, ServiceParts& parts) {
    if (options.user.empty()) return {};
    const auto folder = folder_of(options);
    if (!folder) return std::unexpected(folder.error());
    auto filesystem = posix_filesystem(*folder, config.filesystem);
    if (!filesystem) {
        Error error = std::move(filesystem.error());
        error.message += "; make the folder, or correct its path";
        return std::unexpected(std::move(error));
    }
    const auto password = password_of(options);
    if (!password) return std::unexpected(password.error());
    const auto users = std::make_shared<StaticUsers>();
    parts.authenticators.push_back(users);
    User user;
    user.name = options.user;
    user.filesystem = std::move(*filesystem);
    user.permissions = options.write ? perm::all : perm::read;
    return users->add(std::move(user), *password);
}

// The configuration, with a certificate if one can be had. Where TLS is only on offer, the server starts without one.
Result<Config> complete_config(const ServeOptions& options) {
    auto config = make_config(options);
    if (!config) return config;
    const bool off = config->ftp.settings.tls.control == Protection::clear;
    if (options.tls && off) return fail(Code::invalid, "--tls: tls.control = \"clear\" switches TLS off");
    const auto provided = provide_certificate(*config);
    if (provided) return config;
    if (options.tls || needs_tls(*config)) return std::unexpected(provided.error());
    complain("TLS is off: " + provided.error().message);
    return config;
}

// Who comes with the key of --i2ftp: the user of -u, or whoever else. `made`: the key, if nobody had named one.
Result<void> add_i2ftp(const ServeOptions& options, const Config& config, ServiceParts& parts, SharedKey& made) {
    if (!options.i2ftp_port && !options.i2ftp_tls_port) return {};
    const auto folder = folder_of(options);
    if (!folder) return std::unexpected(folder.error());
    const bool has_users = config.users_inline || !config.users_files.empty();
    SharedKey key;
    if (!options.i2ftp_key_file.empty()) {
        auto read = SharedKey::from_file(options.i2ftp_key_file);
        if (!read) return std::unexpected(std::move(read.error()));
        key = std::move(*read);
    } else if (options.i2ftp_key) {
        key = *options.i2ftp_key;
    } else if (!config.i2ftp.key_file.empty() || (folder->empty() && has_users)) {
        return {};  // those of the configuration are enough
    } else {
        key = made = SharedKey::random();
    }
    if (folder->empty()) return fail(Code::invalid, "--i2ftp: which folder? Name one");
    auto user = i2ftp_user(options.user.empty() ? config.i2ftp.user : options.user, *folder,
                           options.write ? perm::all : perm::read, config.filesystem);
    if (!user) return std::unexpected(std::move(user.error()));
    parts.i2ftp.push_back({std::move(key), std::move(*user)});
    return {};
}

void reload(Service& service, const ServeOptions& options) {
    const auto report = [&](const std::vector<std::string>& mistakes) {
        for (const std::string& mistake : mistakes) service.log().error("reload: {}", mistake);
    };
    const auto config = complete_config(options);
    if (!config) {
        report({config.error().message, "all stays as it was"});
        // Whoever rotates logs relies on this much.
        if (const auto opened = service.log().reopen(); !opened) report({opened.error().message});
        return;
    }
    const Reloaded done = service.reload(*config);
    report(done.mistakes);
    for (const std::string& key : done.restart) service.log().warning("reload: {} holds after a restart only", key);
    for (const std::string& key : done.changed) service.log().info("reload: {} holds now", key);
    service.log().info("reload: done");
}

int serve(ServeOptions& options) {
    prepare_to_serve();
    if (const auto taken = take_environment(options); !taken) return failed(taken.error(), exit_usage);
    const auto config = complete_config(options);
    if (!config) return failed(config.error(), exit_usage);
    ServiceParts parts;
    if (const auto added = add_user(options, *config, parts); !added) return failed(added.error(), exit_usage);

    SharedKey made;
    if (const auto added = add_i2ftp(options, *config, parts, made); !added) return failed(added.error(), exit_usage);

    Signals signals;  // from here on a signal is an orderly end
    const auto service = Service::create(*config, std::move(parts));
    if (!service) return failed(service.error(), exit_usage);
    if (const auto listening = (*service)->listen(); !listening) return failed(listening.error(), exit_failed);
    welcome(options, *config, **service, made);
    (*service)->start();
    for (const net::Address& address : (*service)->addresses()) fmt::print("listening ftp {}\n", address.text());
    for (const net::Address& address : (*service)->tftp_addresses()) fmt::print("listening tftp {}\n", address.text());
    for (const net::Address& address : (*service)->i2ftp_addresses())
        fmt::print("listening i2ftp {}\n", address.text());
    for (const net::Address& address : (*service)->i2ftp_tls_addresses())
        fmt::print("listening i2ftps {}\n", address.text());
    std::fflush(stdout);
    run_until_end(**service, signals, [&] { reload(**service, options); });
    return exit_ok;
}

}  // namespace

void add_serve(CLI::App& program, int& exit_code) {
    const auto options = std::make_shared<ServeOptions>();
    CLI::App* const command =
        program.add_subcommand("serve", "Share a folder: with everybody and read-only, unless options say otherwise");
    declare(*command, *options);
    command->callback([&exit_code, options] { exit_code = serve(*options); });
}

}  // namespace wherry::app
