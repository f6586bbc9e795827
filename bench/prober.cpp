#include "prober.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace wherry::bench {
namespace {

void raise_priority() {
    sched_param wanted{};
    wanted.sched_priority = 10;
    if (::sched_setscheduler(0, SCHED_FIFO, &wanted) == 0) return;
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), -15);
}

template <class T>
void set_option(int fd, int level, int option, const T& value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

Prober::~Prober() {
    if (fd_ >= 0) ::close(fd_);
}

Result<> Prober::connect() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return fail_errno("prober's socket");
    set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd_, SOL_SOCKET, SO_RCVTIMEO, timeval{.tv_sec = 30, .tv_usec = 0});
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
    return fail_errno("prober's connect");
}

Result<> Prober::log_in() {
    raise_priority();
    if (auto ok = connect(); !ok) return ok;
    auto answer = reply();
    if (answer) answer = command("USER " + target_.user);
    if (answer && answer->starts_with("331")) answer = command("PASS " + target_.password);
    if (!answer) return fail(answer.error());
    return answer->starts_with("230") ? Result<>() : fail("prober's login -> " + *answer);
}

Result<std::vector<double>> Prober::measure(double seconds) {
    constexpr std::chrono::milliseconds pause(2);
    std::vector<double> trips;
    for (const auto end = after(seconds); Clock::now() < end; std::this_thread::sleep_for(pause)) {
        const auto start = Clock::now();
        const auto answer = command("NOOP");
        if (!answer) return fail(answer.error());
        if (!answer->starts_with("200")) return fail("NOOP -> " + *answer);
        trips.push_back(seconds_since(start));
    }
    return trips;
}

Result<std::string> Prober::command(const std::string& line) {
    const auto text = line + "\r\n";
    if (::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) < 0) return fail_errno("prober's send");
    return reply();
}

// One question at a time: whatever ends in the last line of a reply is the reply.
Result<std::string> Prober::reply() {
    std::string text;
    for (;;) {
        std::array<char, 2048> part{};
        const auto got = ::recv(fd_, part.data(), part.size(), 0);
        if (got < 0) return fail_errno("prober's receive");
        if (got == 0) return fail("the server closed the prober's connection");
        text.append(part.data(), static_cast<std::size_t>(got));
        if (!text.ends_with('\n')) continue;
        const auto before = text.size() < 2 ? std::string::npos : text.rfind('\n', text.size() - 2);
        auto last = text.substr(before == std::string::npos ? 0 : before + 1);
        if (last.size() > 3 && last[3] == ' ' && last[0] >= '1' && last[0] <= '5') return last;
    }
}

}  // namespace wherry::bench
