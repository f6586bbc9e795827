// wherry i2ftp COMMAND URL...: files on an I2FTP server.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <ctime>
#include <memory>

#include "app/commands.h"
#include "app/i2ftp_dial.h"
#include "app/i2ftp_url.h"
#include "app/progress.h"
#include "core/text.h"
#include "i2ftp/client.h"

namespace wherry::app {
namespace {

struct I2ftpOptions {
    std::string url;
    std::string other;  // the second path of mv and cp, the local file of get and put
    std::string key_file;
    net::TlsTrustOptions trust;
    unsigned connections = 1;
    unsigned timeout = 15;
    bool fresh = false;
    bool no_verify = false;
    bool old_server = false;
    bool quiet = false;
    bool names_only = false;
};

using Run = net::Task<Result<void>> (*)(i2ftp::Client& client, const I2ftpOptions& options, const I2ftpUrl& url);

std::string time_of(double seconds) {
    const auto whole = static_cast<std::time_t>(std::floor(seconds));
    std::tm parts{};
    if (gmtime_r(&whole, &parts) == nullptr) return "?";
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", parts);
}

void show(const i2ftp::Listed& one, bool names_only) {
    const std::string name = printable(one.name) + (one.directory ? "/" : "");
    if (names_only) {
        fmt::print("{}\n", name);
    } else {
        fmt::print("{:>14} {} {}\n", one.directory ? "-" : std::to_string(one.size), time_of(one.time), name);
    }
}

net::Task<Result<void>> ls(i2ftp::Client& client, const I2ftpOptions& options, const I2ftpUrl& url) {
    const auto listed = co_await client.list(url.path);
    if (!listed) co_return std::unexpected(listed.error());
    for (const auto& one : *listed) show(one, options.names_only);
    co_return Result<void>();
}

net::Task<Result<void>> stat(i2ftp::Client& client, const I2ftpOptions&, const I2ftpUrl& url) {
    const auto one = co_await client.stat(url.path);
    if (!one) co_return std::unexpected(one.error());
    show(*one, false);
    co_return Result<void>();
}

i2ftp::MoveOptions move_options(const I2ftpOptions& options, Progress& progress) {
    return {.connections = options.connections,
            .resume = !options.fresh,
            .verify = !options.no_verify,
            .progress = [&progress](std::uint64_t done, std::uint64_t total) { progress.at(done, total); }};
}

void tell(const I2ftpOptions& options, const std::string& what, const i2ftp::Moved& moved) {
    if (options.quiet) return;
    fmt::print(stderr, "{}: {} bytes{}{}\n", what, moved.size,
               moved.resumed_at > 0 ? fmt::format(", of which {} were there", moved.resumed_at) : "",
               moved.md5.empty() ? "" : ", md5 " + moved.md5);
}

net::Task<Result<void>> get(i2ftp::Client& client, const I2ftpOptions& options, const I2ftpUrl& url) {
    std::string local = options.other.empty() ? url.name() : options.other;
    if (local.ends_with('/')) local += url.name();
    if (local.empty()) co_return fail(Code::invalid, "get: the URL names no file");
    Result<i2ftp::Moved> moved;
    {
        Progress progress(url.name(), !options.quiet);
        moved = co_await client.download(url.path, local, move_options(options, progress));
    }
    if (!moved) co_return std::unexpected(moved.error());
    tell(options, local, *moved);
    co_return Result<void>();
}

net::Task<Result<void>> put(i2ftp::Client& client, const I2ftpOptions& options, const I2ftpUrl& url) {
    const std::string& local = options.other;
    std::string path = url.path;
    const std::string name = local.substr(local.rfind('/') + 1);
    if (path == ".") {
        path = name;
    } else if (options.url.ends_with('/')) {
        path += '/' + name;
    }
    Result<i2ftp::Moved> moved;
    {
        Progress progress(name, !options.quiet);
        moved = co_await client.upload(local, path, move_options(options, progress));
    }
    if (!moved) co_return std::unexpected(moved.error());
    tell(options, path, *moved);
    co_return Result<void>();
}

// The second path of mv and cp: of the same server, with or without its URL.
Result<std::string> target_of(const I2ftpOptions& options, const I2ftpUrl& url) {
    if (!options.other.contains("://")) {
        auto same = parse_i2ftp_url("i2ftp://same/" + options.other);
        if (!same) return std::unexpected(std::move(same.error()));
        return same->path;
    }
    auto other = parse_i2ftp_url(options.other);
    if (!other) return std::unexpected(std::move(other.error()));
    if (other->host != url.host || other->port != url.port || other->tls != url.tls) {
        return fail(Code::invalid, "both must be on the same server");
    }
    return other->path;
}

net::Task<Result<void>> mv(i2ftp::Client& client, const I2ftpOptions& options, const I2ftpUrl& url) {
    const auto to = target_of(options, url);
    if (!to) co_return std::unexpected(to.error());
    co_return co_await client.move(url.path, *to);
}

net::Task<Result<void>> cp(i2ftp::Client& client, const I2ftpOptions& options, const I2ftpUrl& url) {
    const auto to = target_of(options, url);
    if (!to) co_return std::unexpected(to.error());
    co_return co_await client.copy(url.path, *to);
}

net::Task<Result<void>> rm(i2ftp::Client& client, const I2ftpOptions&, const I2ftpUrl& url) {
    return client.remove(url.path);
}

net::Task<Result<void>> mkdir(i2ftp::Client& client, const I2ftpOptions&, const I2ftpUrl& url) {
    return client.make_directory(url.path);
}

int perform(Run command, const I2ftpOptions& options) {
    signal(SIGPIPE, SIG_IGN);
    const auto url = parse_i2ftp_url(options.url);
    if (!url) return failed(url.error(), exit_usage);
    const auto key = find_i2ftp_key(options.key_file);
    if (!key) return failed(key.error(), exit_usage);
    const auto address = resolve_host(url->host, url->port);
    if (!address) return failed(address.error(), exit_failed);
    i2ftp::ConnectOptions connect;
    connect.timeout = std::chrono::seconds(options.timeout);
    connect.preauth = !options.old_server;
    if (url->tls) {
        auto trust = net::TlsTrust::load(options.trust);
        if (!trust) return failed(trust.error(), exit_usage);
        connect.tls = std::move(*trust);
        connect.host = url->host;
    }
    const auto result = with_i2ftp_client(*address, *key, connect,
                                          [&](i2ftp::Client& client) { return command(client, options, *url); });
    return result ? exit_ok : failed(result.error(), exit_failed);
}

struct Command {
    const char* name;
    const char* sentence;
    Run run;
    const char* other;  // its second argument; nullptr: none
    bool other_first;
    bool other_needed;
    bool moves;
};
constexpr Command subcommands[] = {
    {"ls", "List a directory", &ls, nullptr, false, false, false},
    {"stat", "Tell of one file or directory", &stat, nullptr, false, false, false},
    {"get", "Download a file", &get, "FILE", false, false, true},
    {"put", "Upload a file", &put, "FILE", true, true, true},
    {"mv", "Move or rename", &mv, "PATH", false, true, false},
    {"cp", "Copy a file or a tree, on the server", &cp, "PATH", false, true, false},
    {"rm", "Remove a file or a tree", &rm, nullptr, false, false, false},
    {"mkdir", "Make a directory and its parents", &mkdir, nullptr, false, false, false},
};

void declare(CLI::App& group, const Command& one, int& exit_code) {
    const auto options = std::make_shared<I2ftpOptions>();
    CLI::App* const command = group.add_subcommand(one.name, one.sentence);
    const auto add_other = [&] {
        if (one.other == nullptr) return;
        command->add_option(one.other, options->other, one.moves ? "The local file" : "Where to, on the same server")
            ->required(one.other_needed);
    };
    if (one.other_first) add_other();
    command->add_option("URL", options->url, "i2ftp://HOST[:PORT]/PATH, or i2ftps:// for TLS")->required();
    if (!one.other_first) add_other();
    command
        ->add_option("-k,--key-file", options->key_file,
                     "The key, as hexadecimal digits. Without this:\n"
                     "WHERRY_I2FTP_KEY, or ~/.config/wherry/i2ftp.key")
        ->type_name("FILE");
    command->add_option("--timeout", options->timeout, "Seconds to wait for the server [15]")
        ->type_name("N")
        ->check(CLI::Range(1U, 86400U));
    command
        ->add_option("--ca", options->trust.authorities,
                     "With i2ftps://: who may have signed the certificate\n[those that the system trusts]")
        ->type_name("FILE");
    command
        ->add_option("--fingerprint", options->trust.fingerprint,
                     "With i2ftps://: SHA-256 of the one certificate to take")
        ->type_name("HEX");
    command->add_flag("--old-server", options->old_server, "For i2ftps from before July 2024");
    if (one.moves) {
        command->add_option("-j,--connections", options->connections, "Connections for the one file [1]")
            ->type_name("N")
            ->check(CLI::Range(1U, 64U));
        command->add_flag("--fresh", options->fresh, "Do not go on with what an earlier attempt left");
        command->add_flag("--no-verify", options->no_verify, "Do not compare MD5 at the end");
        command->add_flag("-q,--quiet", options->quiet, "Say nothing unless it fails");
    }
    if (std::string_view(one.name) == "ls") {
        command->add_flag("-1,--names", options->names_only, "Names alone");
    }
    command->callback([&exit_code, options, run = one.run] { exit_code = perform(run, *options); });
}

}  // namespace

void add_i2ftp(CLI::App& program, int& exit_code) {
    CLI::App* const group = program.add_subcommand("i2ftp", "Look at, get, put and change files on an I2FTP server");
    group->require_subcommand(1);
    for (const Command& one : subcommands) declare(*group, one, exit_code);
}

}  // namespace wherry::app
