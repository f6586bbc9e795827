#include "net/door.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <deque>
#include <utility>

#include "net/tcp.h"

namespace wherry::net {

// Connections on their way from whoever accepted them to the one they belong to.
struct Door::Inbox {
    struct Arrival {
        Socket socket;
        Address peer;
    };
    explicit Inbox(Loop& where) : loop(where) {}
    Loop& loop;
    std::mutex mutex;
    std::deque<Arrival> arrivals;
    Watch* watch = nullptr;  // of the listener while it lives; touched on its loop only
};

class Door::Place final : public Listener {
public:
    Place(std::shared_ptr<Door> door, Loop& loop, const Address& client, Socket own, std::shared_ptr<Inbox> inbox)
        : door_(std::move(door)),
          client_(client),
          own_(std::move(own)),
          watch_(loop, own_.descriptor()),
          inbox_(std::move(inbox)) {
        inbox_->watch = &watch_;
    }
    ~Place() override {
        inbox_->watch = nullptr;
        // Closing one of several descriptors of a socket does not take it out of the kernel's list.
        watch_.forget();
        door_->leave(client_.ip());
    }

    Address local() const override { return door_->local_; }
    Watch& watch() override { return watch_; }

    Result<StreamPtr> try_accept(Watch::Class kind) override {
        for (;;) {
            if (auto arrived = take()) {
                return tcp_stream(watch_.loop(), std::move(arrived->socket), arrived->peer, kind);
            }
            sockaddr_storage system{};
            socklen_t length = sizeof system;
            Socket connection(accept4(own_.descriptor(), reinterpret_cast<sockaddr*>(&system), &length,
                                      SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (connection) {
                const Address peer = Address::from_system(system);
                if (peer.same_host(client_)) return tcp_stream(watch_.loop(), std::move(connection), peer, kind);
                door_->hand_over(std::move(connection), peer);
                continue;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Code::would_block);
            if (errno == ECONNABORTED || errno == EINTR) continue;
            return fail_errno(errno, "accepting on", door_->local_.text());
        }
    }

private:
    std::optional<Inbox::Arrival> take() {
        const std::lock_guard lock(inbox_->mutex);
        if (inbox_->arrivals.empty()) return std::nullopt;
        auto arrival = std::move(inbox_->arrivals.front());
        inbox_->arrivals.pop_front();
        return arrival;
    }

    std::shared_ptr<Door> door_;
    Address client_;
    Socket own_;
    Watch watch_;
    std::shared_ptr<Inbox> inbox_;
};

Result<ListenerPtr> Door::wait_for(Loop& loop, const Address& client) {
    Socket own(fcntl(socket_.descriptor(), F_DUPFD_CLOEXEC, 0));
    if (!own) return fail_errno(errno, "listening on", local_.text());
    auto inbox = std::make_shared<Inbox>(loop);
    {
        const std::lock_guard lock(mutex_);
        if (!waiting_.emplace(client.ip(), inbox).second) {
            return fail(Code::busy, "listening on " + local_.text() + " for " + client.ip(), EADDRINUSE);
        }
    }
    return std::make_unique<Place>(shared_from_this(), loop, client, std::move(own), std::move(inbox));
}

void Door::leave(const std::string& client) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(client);
}

void Door::hand_over(Socket connection, const Address& peer) {
    constexpr std::size_t most_arrivals = 4;  // one is awaited; more of them are somebody's mistake
    std::shared_ptr<Inbox> inbox;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiting_.find(peer.ip());
        if (found == waiting_.end()) return;
        inbox = found->second;
    }
    {
        const std::lock_guard lock(inbox->mutex);
        if (inbox->arrivals.size() >= most_arrivals) return;
        inbox->arrivals.push_back({std::move(connection), peer});
    }
    Loop& loop = inbox->loop;
    loop.post([inbox = std::move(inbox)] {
        if (inbox->watch != nullptr) inbox->watch->signal(true, false);
    });
}

}  // namespace wherry::net
