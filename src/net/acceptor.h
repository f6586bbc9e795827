#pragma once
// Acceptor: takes connections from one listening socket on all loops of a server and gives each to the loop with the
// fewest of them.
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/network.h"
#include "net/outstanding.h"
#include "net/scope.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace wherry::net {

// A loop and how many connections it serves; who serves one counts it.
struct Post {
    Loop* loop = nullptr;
    std::atomic<std::size_t> connections{0};
};

class Acceptor {
public:
    // Called on the loop that is to serve the connection. `place` is that loop's.
    using Serve = std::function<void(Post& place, StreamPtr stream)>;

    // `farewell` is sent to a connection that has to be dropped for want of descriptors.
    Acceptor(Socket socket, std::vector<std::unique_ptr<Post>>& posts, Serve serve, std::string farewell,
             Outstanding& outstanding, Log& log, Metrics& metrics);
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    Address local() const { return local_; }
    // Starts accepting on every loop; from any thread, once.
    void start();
    // No more connections; returns at once, from any thread. The last loop that stops closes the socket. `outstanding`
    // counts the loops that still accept: the destructor must come after they have ended.
    void stop();

private:
    struct Place;
    Task<void> accept_on(Place& place);
    Task<void> accept_until_stopped(Place& place);
    void dispatch(Post& here, Socket connection, const Address& peer);
    void drop_one();

    Socket socket_;
    Address local_;
    std::vector<std::unique_ptr<Post>>& posts_;
    Serve serve_;
    std::string farewell_;
    Outstanding& outstanding_;
    Log& log_;
    Metrics& metrics_;
    std::mutex reserve_mutex_;
    Socket reserve_;  // given up for a moment when there is no other descriptor left
    std::vector<std::unique_ptr<Place>> places_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> accepting_{0};  // loops that still do
};

}  // namespace wherry::net
