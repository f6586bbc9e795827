#include "net/acceptor.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/tcp.h"

namespace wherry::net {
namespace {

constexpr std::chrono::milliseconds first_pause{5};  // after running out of descriptors; doubled up to the longest
constexpr std::chrono::milliseconds longest_pause{1000};
constexpr int accepts_a_turn = 64;

Socket open_reserve() { return Socket(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool out_of_resources(int number) {
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

}  // namespace

struct Acceptor::Place {
    Place(Post& where, int descriptor) : post(where), watch(*where.loop, descriptor), scope(*where.loop) {
        watch.share();
    }
    Post& post;
    Watch watch;
    Scope scope;
};

Acceptor::Acceptor(Socket socket, std::vector<std::unique_ptr<Post>>& posts, Serve serve, std::string farewell,
                   Outstanding& outstanding, Log& log, Metrics& metrics)
    : socket_(std::move(socket)),
      local_(local_address(socket_.descriptor())),
      posts_(posts),
      serve_(std::move(serve)),
      farewell_(std::move(farewell)),
      outstanding_(outstanding),
      log_(log),
      metrics_(metrics),
      reserve_(open_reserve()) {}

Acceptor::~Acceptor() = default;

void Acceptor::start() {
    accepting_.store(posts_.size(), std::memory_order_relaxed);
    for (auto& post : posts_) {
        auto& place = *places_.emplace_back(std::make_unique<Place>(*post, socket_.descriptor()));
        outstanding_.begin();
        post->loop->post([this, &place] { place.scope.start(accept_on(place)); });
    }
}

void Acceptor::stop() {
    stopping_.store(true, std::memory_order_release);
    for (auto& place : places_) {
        place->post.loop->post([&place = *place] {
            place.watch.forget();
            place.watch.signal_all();
        });
    }
}

Task<void> Acceptor::accept_on(Place& place) {
    co_await accept_until_stopped(place);
    place.watch.forget();
    // The last one closes the door: who connects from now on is refused, and not left waiting in the kernel's queue.
    if (accepting_.fetch_sub(1, std::memory_order_acq_rel) == 1) socket_ = Socket();
    outstanding_.end();
}

Task<void> Acceptor::accept_until_stopped(Place& place) {
    auto pause = first_pause;
    while (!stopping_.load(std::memory_order_acquire)) {
        int left = accepts_a_turn;
        int error = 0;
        for (; left > 0; --left) {
            sockaddr_storage system{};
            socklen_t length = sizeof system;
            Socket connection(accept4(socket_.descriptor(), reinterpret_cast<sockaddr*>(&system), &length,
                                      SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!connection) {
                error = errno;
                break;
            }
            pause = first_pause;
            metrics_.add(Metric::connections_total);
            dispatch(place.post, std::move(connection), Address::from_system(system));
        }
        if (out_of_resources(error)) {
            metrics_.add(Metric::accept_errors_total);
            log_.warning(
                "accepting on {}: {}; trying again in {} ms. Raise the limit of open files (LimitNOFILE, ulimit -n)",
                local_.text(), std::strerror(error), pause.count());
            drop_one();
            place.watch.forget();  // a socket that cannot be served must not keep the loop turning
            co_await place.post.loop->sleep_for(pause);
            pause = std::min(pause * 2, longest_pause);
        } else if (left == 0) {
            co_await place.post.loop->yield();
        } else if (error == EAGAIN || error == EWOULDBLOCK) {
            co_await place.watch.readable();
        } else if (error == EBADF || error == EINVAL || error == ENOTSOCK) {
            log_.error("accepting on {}: {}; this listener has ended", local_.text(), std::strerror(error));
            co_return;
        }
    }
}

void Acceptor::dispatch(Post& here, Socket connection, const Address& peer) {
    Post* best = &here;
    for (auto& post : posts_) {
        if (post->connections.load(std::memory_order_relaxed) < best->connections.load(std::memory_order_relaxed)) {
            best = post.get();
        }
    }
    const int one = 1;  // replies are short and whole: waiting for more would only delay them
    setsockopt(connection.descriptor(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // Clients send ABOR as urgent data (RFC 959 4.1.3): its last byte must not be lost beside the stream.
    setsockopt(connection.descriptor(), SOL_SOCKET, SO_OOBINLINE, &one, sizeof one);
    best->connections.fetch_add(1, std::memory_order_relaxed);
    if (best == &here) {
        serve_(here, tcp_stream(*here.loop, std::move(connection), peer, Watch::Class::control));
        return;
    }
    outstanding_.begin();  // on its way to the other loop it is nobody's else
    best->loop->post([this, best, peer, descriptor = connection.release()] {
        serve_(*best, tcp_stream(*best->loop, Socket(descriptor), peer, Watch::Class::control));
        outstanding_.end();
    });
}

void Acceptor::drop_one() {
    const std::lock_guard lock(reserve_mutex_);
    reserve_ = Socket();
    {
        const Socket connection(accept4(socket_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (connection) {
            [[maybe_unused]] const auto sent =
                send(connection.descriptor(), farewell_.data(), farewell_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        }
    }
    reserve_ = open_reserve();
}

}  // namespace wherry::net
