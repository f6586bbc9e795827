#include "app/control.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "app/home.h"
#include "net/network.h"
#include "service/config_load.h"
#include "service/control_server.h"

namespace wherry::app {
namespace {

constexpr std::chrono::seconds answer_time{30};  // it may have others to answer before

Result<std::string> socket_of(const ControlOptions& options) {
    if (!options.socket.empty()) return absolute(options.socket);
    if (options.config.empty())
        return fail(Code::invalid, "which server? Name its socket or its configuration: --control, --config");
    const auto loaded = load_config(options.config);
    if (!loaded) return std::unexpected(loaded.error());
    // Its mistakes are the server's to complain of; the path is what is wanted here.
    if (loaded->config.control.empty()) return fail(Code::invalid, options.config + ": control.socket is not set");
    return loaded->config.control;
}

Result<net::Socket> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() > ControlServer::most_path) return fail(Code::invalid, path + ": is too long for a socket");
    path.copy(address.sun_path, ControlServer::most_path);
    net::Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return fail_errno(errno, "opening", "a socket");
    if (connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        auto failed = fail_errno(error, "connecting to", path);
        if (error == ENOENT || error == ECONNREFUSED) failed.error().message += "; is the server running?";
        if (error == EACCES) failed.error().message += "; only root and the account of the server may";
        return failed;
    }
    return socket;
}

// All that comes until the server closes.
Result<std::string> read_answer(const net::Socket& socket, const std::string& path) {
    std::string text;
    std::array<char, 65536> buffer;
    const auto end = std::chrono::steady_clock::now() + answer_time;
    while (text.size() < control::most_answer) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        pollfd watched{.fd = socket.descriptor(), .events = POLLIN, .revents = 0};
        const int ready = left > 0 ? poll(&watched, 1, static_cast<int>(left)) : 0;
        if (ready == 0) return fail(Code::timeout, path + ": the server does not answer");
        if (ready < 0 && errno == EINTR) continue;
        const ssize_t got = recv(socket.descriptor(), buffer.data(), buffer.size(), 0);
        if (got < 0) return fail_errno(errno, "reading from", path);
        if (got == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (text.empty()) return fail(Code::denied, path + ": the server has closed; only root and its account may ask");
    return text;
}

}  // namespace

Result<std::vector<std::string>> ask_server(const ControlOptions& options, const control::Request& request) {
    const auto path = socket_of(options);
    if (!path) return std::unexpected(path.error());
    const auto socket = connect_to(*path);
    if (!socket) return std::unexpected(socket.error());
    const std::string line = control::line_of(request);
    if (send(socket->descriptor(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
        return fail_errno(errno, "writing to", *path);
    }
    const auto answer = read_answer(*socket, *path);
    if (!answer) return std::unexpected(answer.error());
    return control::parse_answer(*answer);
}

std::shared_ptr<ControlOptions> declare_socket(CLI::App& command) {
    const auto options = std::make_shared<ControlOptions>();
    command.add_option("--control", options->socket, "The server's control socket")->type_name("PATH");
    command.add_option("--config", options->config, "The server's configuration, which names it")->type_name("FILE");
    return options;
}

}  // namespace wherry::app
