#include "bare_session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "bare_listing.h"

namespace wherry::bench {
namespace {

/// A path of the client's below the root's descriptor.
const char* relative(const std::string& path) {
    const auto start = path.find_first_not_of('/');
    return start == std::string::npos ? "." : path.c_str() + start;
}

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const { return fd_; }

private:
    int fd_;
};

}  // namespace

Task<> BareSession::serve(int fd) {
    if (!control_.adopt(fd, Loop::Turn::prompt)) co_return;
    // The only reason to stop is a peer that has gone; there is nobody to tell.
    static_cast<void>(co_await dialogue());
}

Task<Result<>> BareSession::dialogue() {
    if (auto ok = co_await say("220 bare\r\n"); !ok) co_return ok;
    for (std::string line;;) {
        while (next_line(line)) {
            const auto space = line.find(' ');
            const auto argument = space == std::string::npos ? std::string() : line.substr(space + 1);
            line.resize(std::min(space, line.size()));
            if (auto ok = co_await answer(line, argument); !ok) co_return ok;
            if (line == "QUIT") co_return {};
        }
        std::array<char, 1024> part;
        const auto got = co_await control_.receive(part);
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return {};
        input_.append(part.data(), *got);
    }
}

bool BareSession::next_line(std::string& line) {
    const auto newline = input_.find('\n', parsed_);
    if (newline == std::string::npos) {
        input_.erase(0, std::exchange(parsed_, 0));
        return false;
    }
    line.assign(input_, parsed_, newline - parsed_);
    if (line.ends_with('\r')) line.pop_back();
    parsed_ = newline + 1;
    return true;
}

Task<Result<>> BareSession::answer(std::string verb, std::string argument) {
    if (verb == "RETR") co_return co_await retrieve(std::move(argument));
    if (verb == "STOR") co_return co_await store(std::move(argument));
    if (verb == "EPSV" || verb == "PASV") co_return co_await enter_passive(verb == "EPSV");
    if (verb == "LIST" || verb == "NLST" || verb == "MLSD") co_return co_await list(verb[0], std::move(argument));
    if (verb == "USER") co_return co_await say("331 any\r\n");
    if (verb == "PASS") co_return co_await say("230 in\r\n");
    if (verb == "AUTH" && bare_.tls) co_return co_await secure_control();
    if (verb == "PROT") protects_ = argument == "P" && control_.tls();
    if (verb == "QUIT") co_return co_await say("221 bye\r\n");
    co_return co_await say("200 ok\r\n");
}

Task<Result<>> BareSession::say(std::string_view text) { co_return co_await control_.send_all(text); }

Task<Result<>> BareSession::enter_passive(bool extended) {
    const auto port = passive_.listen(0, 1);
    if (!port) co_return fail(port.error());
    const auto text = extended ? fmt::format("229 Entering (|||{}|)\r\n", *port)
                               : fmt::format("227 Entering (127,0,0,1,{},{})\r\n", *port >> 8U, *port & 255U);
    co_return co_await say(text);
}

Task<Result<>> BareSession::open_data() {
    if (!passive_.is_open()) co_return fail("no EPSV before");
    if (auto ok = co_await say("150 ok\r\n"); !ok) co_return ok;
    const auto fd = co_await passive_.accept();
    if (!fd) co_return fail(fd.error());
    passive_.close();
    if (auto ok = data_.adopt(*fd, Loop::Turn::bulk); !ok || !protects_) co_return ok;
    co_return co_await data_.secure(*bare_.tls, Tls::Use::data);
}

Task<Result<>> BareSession::finish_data(Result<> outcome) {
    if (data_.tls()) data_.tls()->say_end();
    data_.close();
    co_return co_await say(outcome ? "226 done\r\n" : "426 broken\r\n");
}

Task<Result<>> BareSession::retrieve(std::string path) {
    const File file(::openat(bare_.root, relative(path), O_RDONLY | O_CLOEXEC));
    if (file.fd() < 0) co_return co_await say("550 no\r\n");
    if (auto ok = co_await open_data(); !ok) co_return ok;
    co_return co_await finish_data(co_await (data_.tls() ? send_file_encrypted(file.fd()) : send_file(file.fd())));
}

Task<Result<>> BareSession::send_file(int file) {
    struct stat status{};
    if (::fstat(file, &status) != 0) co_return fail_errno("fstat");
    const auto size = status.st_size;
    for (off_t sent = 0; sent < size;) {
        const auto slice = std::min(bare_.send_slice, static_cast<std::size_t>(size - sent));
        const auto wrote = ::sendfile(data_.fd(), file, &sent, slice);
        if (wrote > 0) {
            if (sent < size) co_await data_.loop().yield();
        } else if (wrote < 0 && errno == EAGAIN) {
            co_await data_.loop().writable(data_.fd());
        } else if (wrote == 0 || errno != EINTR) {
            co_return fail_errno("sendfile");
        }
    }
    co_return {};
}

Task<Result<>> BareSession::store(std::string path) {
    const File file(::openat(bare_.root, relative(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.fd() < 0) co_return co_await say("550 no\r\n");
    if (auto ok = co_await open_data(); !ok) co_return ok;
    co_return co_await finish_data(
        co_await (data_.tls() ? receive_file_encrypted(file.fd()) : receive_file(file.fd())));
}

Task<Result<>> BareSession::receive_file(int file) {
    for (;;) {
        const auto got = bare_.store == Bare::Store::splice ? splice_slice(file) : receive_slice(file);
        if (got == 0) co_return {};
        if (got > 0) {
            co_await data_.loop().yield();
        } else if (errno == EAGAIN) {
            co_await data_.loop().readable(data_.fd());
        } else if (errno != EINTR) {
            co_return fail_errno("upload");
        }
    }
}

ssize_t BareSession::receive_slice(int file) const {
    const auto got = ::recv(data_.fd(), bare_.buffer.data(), bare_.receive_slice, 0);
    if (got <= 0 || ::write(file, bare_.buffer.data(), static_cast<std::size_t>(got)) == got) return got;
    errno = EIO;
    return -1;
}

ssize_t BareSession::splice_slice(int file) const {
    const auto got =
        ::splice(data_.fd(), nullptr, bare_.pipe[1], nullptr, bare_.receive_slice, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    for (auto left = got; left > 0;) {
        const auto moved =
            ::splice(bare_.pipe[0], nullptr, file, nullptr, static_cast<std::size_t>(left), SPLICE_F_MOVE);
        if (moved <= 0) {
            errno = EIO;
            return -1;
        }
        left -= moved;
    }
    return got;
}

Task<Result<>> BareSession::list(char kind, std::string path) {
    BareListing listing(::openat(bare_.root, relative(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC), kind);
    if (!listing.is_open()) co_return co_await say("550 no\r\n");
    if (auto ok = co_await open_data(); !ok) co_return ok;
    Result<> outcome;
    for (auto part = listing.next(); outcome && !part.empty(); part = listing.next()) {
        outcome = co_await data_.send_all(part);
    }
    co_return co_await finish_data(std::move(outcome));
}

}  // namespace wherry::bench
