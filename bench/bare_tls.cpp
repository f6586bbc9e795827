// Files under TLS, as a loop around OpenSSL does it that is written with a little care.
#include <sys/socket.h>
#include <unistd.h>

#include "bare_session.h"

namespace wherry::bench {
namespace {

constexpr std::size_t encrypted_at_once = 64U << 10U;  // stays in the processor's nearer caches
constexpr std::size_t sent_at_once = 256U << 10U;

}  // namespace

Task<Result<>> BareSession::secure_control() {
    if (auto ok = co_await say("234 go\r\n"); !ok) co_return ok;
    input_.clear();
    parsed_ = 0;
    co_return co_await control_.secure(*bare_.tls, Tls::Use::control);
}

Task<Result<>> BareSession::send_file_encrypted(int file) {
    data_.tls()->collect();
    for (bool more = true; more;) {
        const auto got = ::read(file, bare_.buffer.data(), encrypted_at_once);
        if (got < 0) co_return fail_errno("read");
        more = got > 0;
        for (std::string_view rest(bare_.buffer.data(), static_cast<std::size_t>(got)); !rest.empty();) {
            const auto taken = data_.try_send(rest);
            if (taken < 0) co_return fail_errno("encrypt");
            rest.remove_prefix(static_cast<std::size_t>(taken));
        }
        if (!more) data_.tls()->say_end();
        if (more && data_.tls()->collected().size() < sent_at_once) continue;
        if (auto ok = co_await send_collected(); !ok) co_return ok;
    }
    co_return {};
}

Task<Result<>> BareSession::send_collected() {
    for (auto rest = data_.tls()->collected(); !rest.empty();) {
        const auto sent = ::send(data_.fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            co_await data_.loop().writable(data_.fd());
        } else if (errno != EINTR) {
            co_return fail_errno("send");
        }
    }
    data_.tls()->clear();
    co_await data_.loop().yield();
    co_return {};
}

Task<Result<>> BareSession::receive_file_encrypted(int file) {
    constexpr int records_per_turn = 16;
    data_.tls()->read_far(bare_.receive_slice);
    for (int records = 0;;) {
        const auto got = data_.try_receive(bare_.buffer);
        if (got == 0) co_return {};
        if (got > 0) {
            if (::write(file, bare_.buffer.data(), static_cast<std::size_t>(got)) != got) co_return fail_errno("write");
            if (++records % records_per_turn == 0) co_await data_.loop().yield();
        } else if (errno == EAGAIN) {
            co_await data_.loop().readable(data_.fd());
        } else if (errno != EINTR) {
            co_return fail_errno("upload");
        }
    }
}

}  // namespace wherry::bench
