#pragma once
// Door: one listening socket that several sessions wait at, each for its own client. A connection belongs to whoever
// waits for the address it comes from; so a server with few open ports has as many data connections being set up on
// each as there are addresses of clients.
//
// Whoever of those who wait is woken first accepts what is there, keeps its own and hands the others over, to their
// loops; a connection that nobody waits for is closed. Thread-safe but for the listeners, which belong to their loops.
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "net/network.h"

namespace wherry::net {

class Door : public std::enable_shared_from_this<Door> {
public:
    explicit Door(Socket listening, const Address& local) : socket_(std::move(listening)), local_(local) {}

    // A listener for connections of that client. Code::busy if somebody waits for that address here already. The door
    // stays open until the last of its listeners has gone.
    Result<ListenerPtr> wait_for(Loop& loop, const Address& client);
    const Address& local() const noexcept { return local_; }

private:
    class Place;
    struct Inbox;
    void leave(const std::string& client);
    void hand_over(Socket connection, const Address& peer);

    Socket socket_;
    Address local_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Inbox>> waiting_;  // by the address of the client
};

}  // namespace wherry::net
