// What a session does in another way under TLS.
#include <sys/socket.h>

#include <algorithm>

#include "session.h"

namespace wherry::bench {
namespace {

constexpr std::size_t record = 16U << 10U;  // the most that one may hold, RFC 8446 5.1
constexpr std::size_t record_costs = 22;    // header, kind and tag
constexpr std::size_t drop_size = 4U << 20U;
constexpr std::size_t read_size = 16U << 10U;

constexpr std::size_t last_word = 24;  // close_notify

/// The fewest bytes that can carry so many, without the last word.
std::uint64_t fewest(std::uint64_t size) { return size + (size + record - 1) / record * record_costs; }

}  // namespace

Task<Result<>> Session::ask_for_tls(std::string_view then) {
    if (auto ok = co_await control_.connect(target_.port, Loop::Turn::prompt); !ok) co_return ok;
    if (auto ok = co_await expect_end("the greeting"); !ok) co_return ok;
    if (auto ok = co_await expect("AUTH TLS", 2); !ok) co_return ok;
    co_return co_await control_.send_all(then);
}

Task<> Session::wait_for_end() {
    std::array<char, 512> rest;
    for (auto got = co_await control_.receive(rest); got && *got > 0;) got = co_await control_.receive(rest);
}

Task<Result<>> Session::secure_control() {
    if (auto ok = co_await expect("AUTH TLS", 2); !ok) co_return ok;
    if (auto ok = co_await control_.secure(*target_.tls, Tls::Use::control); !ok) co_return ok;
    if (auto ok = co_await expect("PBSZ 0", 2); !ok) co_return ok;
    co_return co_await expect("PROT P", 2);
}

Task<Result<>> Session::secure_data() {
    ssl_session_st* const offered = target_.resume ? control_.tls()->session() : nullptr;
    if (auto ok = co_await data_.secure(*target_.tls, Tls::Use::data, offered); !ok) co_return ok;
    if (data_.tls()->resumed()) ++tally_.resumed;
    co_return {};
}

Task<Result<>> Session::read_all() {
    std::array<char, read_size> room;
    for (;;) {
        const auto got = co_await data_.receive(room);
        if (!got) co_return fail(got.error());
        if (*got == 0) break;
        count(*got);
    }
    data_.tls()->say_end();
    co_return {};
}

Task<Result<>> Session::drop_records(std::uint64_t size) {
    const auto enough = fewest(size);
    bool said_end = false;
    bool broken = false;  // a server may close before it has read our last word
    std::uint64_t dropped = 0;
    for (int slices = 0;;) {
        const auto got = ::recv(data_.fd(), nullptr, drop_size, MSG_TRUNC);
        if (got > 0) {
            dropped += static_cast<std::uint64_t>(got);
            constexpr int any = 1;
            if (dropped + wake_size >= enough) ::setsockopt(data_.fd(), SOL_SOCKET, SO_RCVLOWAT, &any, sizeof any);
            if (++slices % slices_per_turn == 0) co_await data_.loop().yield();
        } else if (got == 0 || (errno == ECONNRESET && said_end)) {
            broken = got != 0;
            break;
        } else if (errno == EAGAIN) {
            // Some wait for it before they close.
            if (dropped >= enough && !std::exchange(said_end, true)) data_.tls()->say_end();
            co_await data_.loop().readable(data_.fd());
        } else if (errno != EINTR) {
            co_return fail_errno("data connection");
        }
    }
    if (dropped < enough + (broken ? 0 : last_word)) {
        co_return fail("RETR brought " + std::to_string(dropped) + " encrypted bytes for " + std::to_string(size));
    }
    count(size);
    co_return {};
}

Task<Result<>> Session::send_pattern_encrypted(std::uint64_t size) {
    int slices = 0;
    for (std::uint64_t sent = 0; sent < size;) {
        const auto offset = sent % Pattern::block;
        const auto rest = pattern_.bytes().subspan(offset, std::min(size - sent, Pattern::block - offset));
        const auto wrote = data_.try_send({rest.data(), rest.size()});
        if (wrote > 0) {
            sent += static_cast<std::uint64_t>(wrote);
            count(static_cast<std::size_t>(wrote));
            if (++slices % (slices_per_turn * slices_per_turn) == 0) co_await data_.loop().yield();
        } else if (errno == EAGAIN) {
            co_await data_.loop().writable(data_.fd());
        } else if (errno != EINTR) {
            co_return fail_errno("data connection");
        }
    }
    data_.tls()->say_end();
    ::shutdown(data_.fd(), SHUT_WR);
    // To close with something unread would break the connection while the server still reads.
    for (;;) {
        const auto got = ::recv(data_.fd(), nullptr, drop_size, MSG_TRUNC);
        if (got < 0 && errno == EAGAIN) {
            co_await data_.loop().readable(data_.fd());
        } else if (got <= 0 && errno != EINTR) {
            co_return {};
        }
    }
}

void Session::end_data() {
    if (data_.tls()) data_.tls()->say_end();
    data_.close();
}

}  // namespace wherry::bench
