// A server inside a program that has an event loop of its own (poll, epoll, GLib, Qt, libuv: whatever takes a
// descriptor and a timeout). No thread but yours serves connections.
//
//   ./own_event_loop              then: curl ftp://127.0.0.1:2121/
//
// pyftpdlib: serve_forever(blocking=False). Twisted: a listening port of your own reactor.
#include <poll.h>
#include <sys/signalfd.h>

#include <wherry/wherry.h>
#include <csignal>
#include <cstdio>

int main(int count, char** words) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    const int signals = signalfd(-1, &ends, SFD_CLOEXEC);

    wherry::Server server;
    server.users().add_anonymous(".", wherry::perm::all);
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121");
    server.log_level(wherry::LogLevel::info);
    if (const auto attached = server.attach(); !attached) {
        std::fprintf(stderr, "%s\n", attached.error().message.c_str());
        return 1;
    }
    pollfd watched[] = {{server.descriptor(), POLLIN, 0}, {signals, POLLIN, 0}};
    do {
        poll(watched, 2, server.poll_timeout());
        if (watched[1].revents != 0) {
            watched[1].fd = -1;
            server.drain();
        }
    } while (server.poll_once());
    server.stop();
    std::puts("ended in the loop of the program");
    return 0;
}
