#pragma once
// ControlServer: a unix socket by which the operator of this machine asks what runs and ends it. What is said stands in
// control_words.h.
//
// Root and the account of the server may use it: the socket has mode 0600, and who connects is asked of the kernel
// besides (SO_PEERCRED). It has one thread of its own and takes one client after the other: a request is one short
// line, and a client that has not sent it, or not taken the answer, within some seconds is cut off. No session waits
// for it.
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "net/network.h"
#include "observe/log.h"
#include "wherry/result.h"

namespace wherry {

class ControlServer {
public:
    // The longest path that the address of a unix socket has room for.
    static constexpr std::size_t most_path = 107;

    // The answer to a line (which comes without its LF), with all its line ends. Called on the thread; may block.
    using Answer = std::function<std::string(std::string_view line)>;

    // Opens the socket. What is left of a server that has ended badly is removed; Code::busy if another one serves.
    static Result<std::unique_ptr<ControlServer>> open(const std::string& path, Log& log);
    ~ControlServer();  // stop()
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    void start(Answer answer);  // once
    // Waits for the client that is being answered, and removes the socket.
    void stop();

private:
    ControlServer(std::string path, net::Socket listening, Log& log);
    void run();
    void serve(int connection);
    bool may_ask(int connection);
    std::string read_line(int connection);
    void write_all(int connection, std::string_view text);
    // Until there is something to do, the service ends (false) or the client's time is over (false).
    bool wait(int descriptor, short events, int milliseconds);

    const std::string path_;
    net::Socket listening_;
    net::Socket stopping_;  // an eventfd
    dev_t device_ = 0;      // of the socket's file: only that one is removed
    ino_t inode_ = 0;
    Log& log_;
    Answer answer_;
    std::thread thread_;
};

}  // namespace wherry
