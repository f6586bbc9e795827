// wherry-bare: the physical limit that servers are compared with.
//
// Speaks just enough FTP for wherry-load, in stream mode, to anybody, on 127.0.0.1. It knows no users, writes no log,
// has no timeouts and follows every path: what is left is what the kernel costs. Never serve anything with it.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <span>

#include "bare_session.h"

namespace wherry::bench {
namespace {

constexpr std::uint64_t descriptors = 65536;
constexpr int backlog = 4096;

int usage() {
    fmt::print(stderr,
               "usage: wherry-bare PORT FOLDER [write|splice] [SLICE]\n"
               "       wherry-bare PORT FOLDER tls PEM\n"
               "  write, splice   how uploads reach the file (write)\n"
               "  SLICE           bytes of one sendfile or receive before others have their turn\n"
               "  PEM             certificate and key, for clients that ask for TLS\n");
    return 2;
}

Task<> serve_one(Loop& loop, Bare& bare, int fd) {
    BareSession session(loop, bare);
    co_await session.serve(fd);
}

Task<> serve_all(Loop& loop, Bare& bare, std::uint16_t port) {
    Socket listener(loop);
    Group sessions(loop);
    if (auto bound = listener.listen(port, backlog); !bound) {
        fmt::print(stderr, "wherry-bare: {}\n", bound.error());
        loop.stop();
        co_return;
    }
    for (;;) {
        const auto fd = co_await listener.accept();
        if (fd) {
            sessions.start(serve_one(loop, bare, *fd));
        } else {
            fmt::print(stderr, "wherry-bare: {}\n", fd.error());
            co_await loop.sleep(0.01);
        }
    }
}

bool prepare(Bare& bare, std::span<char*> arguments) {
    if (arguments.size() > 4 && std::string_view(arguments[3]) == "tls") {
        auto context = TlsContext::for_server(arguments[4]);
        if (!context) {
            fmt::print(stderr, "wherry-bare: {}\n", context.error());
            return false;
        }
        bare.tls.emplace(std::move(*context));
        arguments = arguments.first(3);
    }
    if (arguments.size() > 3)
        bare.store = std::string_view(arguments[3]) == "splice" ? Bare::Store::splice : bare.store;
    if (arguments.size() > 4) {
        const std::string_view text = arguments[4];
        std::from_chars(text.data(), text.data() + text.size(), bare.send_slice);
        bare.receive_slice = bare.send_slice;
    }
    bare.buffer.resize(bare.receive_slice);
    bare.root = ::open(arguments[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (bare.root < 0 || ::pipe2(bare.pipe.data(), O_CLOEXEC) != 0) return false;
    ::fcntl(bare.pipe[0], F_SETPIPE_SZ, 1 << 20);
    return true;
}

int serve(std::span<char*> arguments) {
    std::uint16_t port = 0;
    if (arguments.size() < 3) return usage();
    const std::string_view number = arguments[1];
    if (std::from_chars(number.data(), number.data() + number.size(), port).ec != std::errc()) return usage();
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit(descriptors);

    Bare bare;
    if (!prepare(bare, arguments)) {
        std::perror("wherry-bare");
        return 1;
    }
    Loop loop;
    Group server(loop);
    server.start(serve_all(loop, bare, port));
    loop.run();
    return 1;
}

}  // namespace
}  // namespace wherry::bench

int main(int count, char** values) { return wherry::bench::serve({values, static_cast<std::size_t>(count)}); }
