// wherry get tftp://HOST/NAME and wherry put FILE tftp://HOST/NAME: a small client.
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>

#include "app/commands.h"
#include "core/text.h"
#include "net/network.h"
#include "net/udp.h"
#include "tftp/client.h"
#include "tftp/options.h"

namespace wherry::app {
namespace {

constexpr std::uint16_t tftp_port = 69;

struct TransferOptions {
    std::string file;
    std::string url;
    std::uint16_t blksize = 1428;
    std::uint16_t windowsize = 16;
    double timeout = 1;
    bool plain = false;
    bool quiet = false;
};

struct Place {
    net::Address address;
    std::string name;
};

// HOST, HOST:PORT or [IPv6]:PORT.
Result<net::Address> find_host(std::string_view authority) {
    std::string host(authority);
    std::string port = std::to_string(tftp_port);
    const auto colon = host.rfind(':');
    const bool brackets = host.starts_with('[');
    if (colon != std::string::npos && (!brackets || host.find(']') < colon)) {
        port = host.substr(colon + 1);
        host.resize(colon);
    }
    if (brackets && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (!parse_at_most(port, 65535)) return fail(Code::invalid, "'" + for_log(port) + "' is not a port (1 to 65535)");
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); error != 0) {
        return fail(Code::not_found, fmt::format("{}: {}", for_log(host), gai_strerror(error)));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, &freeaddrinfo);
    sockaddr_storage system{};
    std::memcpy(&system, found->ai_addr, found->ai_addrlen);
    return net::Address::from_system(system);
}

Result<Place> parse_url(std::string_view url) {
    constexpr std::string_view scheme = "tftp://";
    if (!istarts_with(url, scheme)) return fail(Code::invalid, "'" + for_log(url) + "' is not tftp://HOST/NAME");
    url.remove_prefix(scheme.size());
    const auto slash = url.find('/');
    if (slash == std::string_view::npos || slash + 1 == url.size()) {
        return fail(Code::invalid, "there is no name of a file in it; write tftp://HOST/NAME");
    }
    auto address = find_host(url.substr(0, slash));
    if (!address) return std::unexpected(std::move(address.error()));
    return Place{*address, std::string(url.substr(slash + 1))};
}

// One line on a terminal that is written over and over.
class Bar {
public:
    explicit Bar(bool quiet) : shown_(!quiet && isatty(STDERR_FILENO) == 1) {}
    void show(const tftp::ClientProgress& progress) {
        const auto now = std::chrono::steady_clock::now();
        if (!shown_ || now - last_ < std::chrono::milliseconds(100)) return;
        last_ = now;
        constexpr std::uint64_t width = 30;
        std::string bar;
        if (progress.size && *progress.size > 0) {
            const std::uint64_t done = std::min(width, progress.bytes * width / *progress.size);
            bar = fmt::format("[{}{}] {:3}% ", std::string(done, '#'), std::string(width - done, ' '),
                              std::min<std::uint64_t>(100, progress.bytes * 100 / *progress.size));
        }
        fmt::print(stderr, "\r{}{} bytes\x1b[K", bar, progress.bytes);
        drawn_ = true;
    }
    void end() const {
        if (drawn_) fmt::print(stderr, "\r\x1b[K");
    }

private:
    bool shown_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_;
};

tftp::ClientOptions client_options(const TransferOptions& options, std::string name) {
    tftp::ClientOptions out;
    out.name = std::move(name);
    out.blksize = options.plain ? tftp::default_blksize : options.blksize;
    out.windowsize = options.plain ? std::uint16_t{1} : options.windowsize;
    out.tsize = !options.plain;
    out.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(std::max(0.01, options.timeout) * 1000));
    return out;
}

int report(const TransferOptions& options, const Result<tftp::ClientResult>& result,
           std::chrono::steady_clock::time_point begun) {
    if (!result) {
        complain(result.error().message);
        return exit_failed;
    }
    if (options.quiet) return exit_ok;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    fmt::print(stderr, "{} bytes in {:.3f} s, block size {}, window {}\n", result->bytes, took.count(), result->blksize,
               result->window);
    return exit_ok;
}

Result<void> write_all(int descriptor, tftp::Bytes bytes, const std::string& file) {
    while (!bytes.empty()) {
        const ssize_t put = write(descriptor, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_errno(errno, "writing", file);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return {};
}

// Into a file beside the one that is wanted, which it becomes when it is complete; "-" is standard output.
int get(const TransferOptions& options) {
    const auto place = parse_url(options.url);
    if (!place) return complain(place.error().message), exit_usage;
    const std::string last = place->name.substr(place->name.rfind('/') + 1);
    const std::string target = options.file.empty() ? last : options.file;
    if (target.empty()) return complain("what is the file to be called here? Use -o FILE"), exit_usage;
    const bool to_output = target == "-";
    const std::string aside = target + ".part";
    const net::Socket file(to_output ? dup(STDOUT_FILENO)
                                     : open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) return complain(fail_errno(errno, "writing", aside).error().message), exit_failed;

    Bar bar(options.quiet || to_output);
    tftp::ClientFile sink;
    sink.write = [&](tftp::Bytes bytes) { return write_all(file.descriptor(), bytes, aside); };
    sink.progress = [&](const tftp::ClientProgress& progress) { bar.show(progress); };
    const auto begun = std::chrono::steady_clock::now();
    const auto datagrams = net::udp_datagrams();
    const auto result = tftp::fetch(*datagrams, place->address, client_options(options, place->name), sink);
    bar.end();
    if (!to_output && (!result || rename(aside.c_str(), target.c_str()) != 0)) {
        if (result) complain(fail_errno(errno, "renaming to", target).error().message);
        unlink(aside.c_str());
        if (result) return exit_failed;
    }
    return report(options, result, begun);
}

int put(const TransferOptions& options) {
    auto place = parse_url(options.url.ends_with('/') ? options.url + options.file.substr(options.file.rfind('/') + 1)
                                                      : options.url);
    if (!place) return complain(place.error().message), exit_usage;
    const net::Socket file(open(options.file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat about{};
    if (!file || fstat(file.descriptor(), &about) != 0 || !S_ISREG(about.st_mode)) {
        const int error = file ? EISDIR : errno;
        return complain(fail_errno(error, "reading", options.file).error().message), exit_usage;
    }
    Bar bar(options.quiet);
    tftp::ClientFile source;
    source.size = static_cast<std::uint64_t>(about.st_size);
    source.read = [&](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
        std::size_t got = 0;
        while (got < into.size()) {
            const ssize_t more =
                pread(file.descriptor(), into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
            if (more < 0) return fail_errno(errno, "reading", options.file);
            if (more == 0) break;
            got += static_cast<std::size_t>(more);
        }
        return got;
    };
    source.progress = [&](const tftp::ClientProgress& progress) { bar.show(progress); };
    const auto begun = std::chrono::steady_clock::now();
    const auto datagrams = net::udp_datagrams();
    const auto result = tftp::store(*datagrams, place->address, client_options(options, place->name), source);
    bar.end();
    return report(options, result, begun);
}

void add_common(CLI::App& command, TransferOptions& options) {
    command.add_option("--blksize", options.blksize, "Block size to ask for [1428]")
        ->type_name("N")
        ->check(CLI::Range(8, 65464));
    command.add_option("--windowsize", options.windowsize, "Window to ask for, in blocks [16]")
        ->type_name("N")
        ->check(CLI::Range(1, 32767));
    command.add_option("--timeout", options.timeout, "Seconds until the request is repeated [1]")->type_name("S");
    command.add_flag("--no-options", options.plain, "Ask for nothing: RFC 1350 alone");
    command.add_flag("-q,--quiet", options.quiet, "Say nothing but errors");
}

}  // namespace

void add_get(CLI::App& program, int& exit_code) {
    const auto options = std::make_shared<TransferOptions>();
    CLI::App* const command = program.add_subcommand("get", "Fetch a file by TFTP");
    command->add_option("URL", options->url, "tftp://HOST[:PORT]/NAME")->required()->type_name("");
    command->add_option("-o,--output", options->file, "What it is called here [its own name]; -: standard output")
        ->type_name("FILE");
    add_common(*command, *options);
    command->callback([&exit_code, options] { exit_code = get(*options); });
}

void add_put(CLI::App& program, int& exit_code) {
    const auto options = std::make_shared<TransferOptions>();
    CLI::App* const command = program.add_subcommand("put", "Store a file by TFTP");
    command->add_option("FILE", options->file, "The file to send")->required()->type_name("");
    command->add_option("URL", options->url, "tftp://HOST[:PORT]/NAME; NAME may be left out behind the slash")
        ->required()
        ->type_name("");
    add_common(*command, *options);
    command->callback([&exit_code, options] { exit_code = put(*options); });
}

}  // namespace wherry::app
