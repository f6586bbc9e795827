#include "session.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace wherry::bench {
namespace {

constexpr std::size_t drop_size = 4U << 20U;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The three digits a reply line starts with; 0 when it does not.
int code_of(std::string_view line) {
    if (line.size() < 3 || !std::ranges::all_of(line.substr(0, 3), is_digit)) return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/// RFC 2428: "(|||port|)".
int extended_port(std::string_view line) {
    const auto at = line.find("|||");
    int port = 0;
    if (at != std::string_view::npos) std::from_chars(line.data() + at + 3, line.data() + line.size(), port);
    return port;
}

/// RFC 959: six numbers with commas, somewhere behind the code.
int classic_port(std::string_view line) {
    std::array<int, 6> numbers{};
    const char* at = line.data() + std::min<std::size_t>(line.size(), 4);
    const char* end = line.data() + line.size();
    at = std::find_if(at, end, is_digit);
    for (auto& number : numbers) {
        const auto parsed = std::from_chars(at, end, number);
        if (parsed.ec != std::errc()) return 0;
        at = parsed.ptr == end ? end : parsed.ptr + 1;
    }
    return numbers[4] * 256 + numbers[5];
}

}  // namespace

void Tally::add(const Result<>& outcome, double took) {
    if (outcome) {
        ++succeeded;
        seconds.push_back(took);
    } else {
        ++failed;
        ++errors[outcome.error()];
    }
}

Session::Session(Loop& loop, const Target& target, const Pattern& pattern, Tally& tally)
    : target_(target), pattern_(pattern), tally_(tally), control_(loop), data_(loop) {}

void Session::count(std::size_t bytes) {
    moved_ += bytes;
    tally_.bytes += bytes;
}

void Session::interrupt() const {
    control_.interrupt();
    data_.interrupt();
}

bool Session::next_line(std::string& line) {
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

Task<Result<Session::Reply>> Session::reply() {
    Reply reply;
    int several = 0;  // the code of a reply of several lines, RFC 959 4.2
    for (;;) {
        while (next_line(reply.line)) {
            reply.code = code_of(reply.line);
            const bool dashed = reply.line.size() > 3 && reply.line[3] == '-';
            if (reply.code != 0 && !dashed && (several == 0 || reply.code == several)) co_return reply;
            if (several == 0 && dashed) several = reply.code;
        }
        std::array<char, 2048> part;
        const auto got = co_await control_.receive(part);
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return fail("the server closed the control connection");
        input_.append(part.data(), *got);
    }
}

Task<Result<Session::Reply>> Session::command(std::string line) {
    line += "\r\n";
    if (auto sent = co_await control_.send_all(line); !sent) co_return fail(sent.error());
    co_return co_await reply();
}

Task<Result<>> Session::expect(std::string line, int kind) {
    const auto answer = co_await command(line);
    if (!answer) co_return fail(answer.error());
    if (answer->code / 100 != kind) co_return fail(line.substr(0, 16) + " -> " + answer->line.substr(0, 80));
    co_return {};
}

Task<Result<>> Session::expect_end(std::string what) {
    const auto answer = co_await reply();
    if (!answer) co_return fail(answer.error());
    if (answer->code / 100 != 2) co_return fail(what.substr(0, 16) + " ends with " + answer->line.substr(0, 80));
    co_return {};
}

Task<Result<>> Session::login() {
    if (auto ok = co_await control_.connect(target_.port, Loop::Turn::prompt); !ok) co_return ok;
    if (auto ok = co_await expect_end("the greeting"); !ok) co_return ok;
    if (target_.tls != nullptr) {
        if (auto ok = co_await secure_control(); !ok) co_return ok;
    }
    auto answer = co_await command("USER " + target_.user);
    if (answer && answer->code == 331) answer = co_await command("PASS " + target_.password);
    if (!answer) co_return fail(answer.error());
    if (answer->code != 230) co_return fail("login -> " + answer->line.substr(0, 80));
    co_return co_await expect("TYPE I", 2);
}

Task<Result<std::uint16_t>> Session::passive_port() {
    const std::string verb = target_.pasv ? "PASV" : "EPSV";
    const auto answer = co_await command(verb);
    if (!answer) co_return fail(answer.error());
    const int port = answer->code == 229   ? extended_port(answer->line)
                     : answer->code == 227 ? classic_port(answer->line)
                                           : 0;
    if (port <= 0 || port > 65535) co_return fail(verb + " -> " + answer->line.substr(0, 80));
    co_return static_cast<std::uint16_t>(port);
}

Task<Result<>> Session::begin_transfer(std::string line) {
    const auto port = co_await passive_port();
    if (!port) co_return fail(port.error());
    if (auto ok = co_await data_.connect(*port, Loop::Turn::bulk); !ok) co_return ok;
    if (auto ok = co_await expect(std::move(line), 1); !ok) co_return ok;
    if (target_.tls != nullptr) co_return co_await secure_data();
    co_return {};
}

Task<Result<>> Session::drop_all() {
    for (int slices = 0;;) {
        const auto got = ::recv(data_.fd(), nullptr, drop_size, MSG_TRUNC);
        if (got == 0) co_return {};
        if (got > 0) {
            count(static_cast<std::size_t>(got));
            if (++slices % slices_per_turn == 0) co_await control_.loop().yield();
        } else if (errno == EAGAIN) {
            co_await control_.loop().readable(data_.fd());
        } else if (errno != EINTR) {
            co_return fail_errno("data connection");
        }
    }
}

Task<Result<>> Session::download(std::string path, std::uint64_t size) {
    if (auto ok = co_await begin_transfer("RETR " + path); !ok) co_return ok;
    // Dropping is faster than sending: without this the load would fall asleep after every packet, and a server pays
    // for each wake-up it causes, much more so in a virtual machine.
    const bool large = size > 4U * wake_size;
    if (large) ::setsockopt(data_.fd(), SOL_SOCKET, SO_RCVLOWAT, &wake_size, sizeof wake_size);
    const auto before = moved_;
    const auto done = !data_.tls() ? co_await drop_all() : large ? co_await drop_records(size) : co_await read_all();
    if (!done) co_return done;
    data_.close();
    if (auto ok = co_await expect_end("RETR"); !ok) co_return ok;
    if (moved_ - before == size) co_return {};
    co_return fail("RETR brought " + std::to_string(moved_ - before) + " of " + std::to_string(size) + " bytes");
}

Task<Result<>> Session::send_pattern(std::uint64_t size) {
    int slices = 0;
    for (std::uint64_t sent = 0; sent < size;) {
        auto offset = static_cast<off_t>(sent % Pattern::block);
        const auto room = std::min(size - sent, Pattern::block - static_cast<std::uint64_t>(offset));
        const auto wrote = ::sendfile(data_.fd(), pattern_.fd(), &offset, room);
        if (wrote > 0) {
            sent += static_cast<std::uint64_t>(wrote);
            count(static_cast<std::size_t>(wrote));
            if (++slices % slices_per_turn == 0) co_await control_.loop().yield();
        } else if (errno == EAGAIN) {
            co_await control_.loop().writable(data_.fd());
        } else if (errno != EINTR) {
            co_return fail_errno("data connection");
        }
    }
    co_return {};
}

Task<Result<>> Session::upload(std::string path, std::uint64_t size) {
    if (auto ok = co_await begin_transfer("STOR " + path); !ok) co_return ok;
    if (auto ok = data_.tls() ? co_await send_pattern_encrypted(size) : co_await send_pattern(size); !ok) co_return ok;
    data_.close();
    if (auto ok = co_await expect_end("STOR"); !ok) co_return ok;
    co_return check_stored(path, size);
}

Result<> Session::check_stored(const std::string& path, std::uint64_t size) const {
    if (target_.root.empty()) return {};
    struct stat status{};
    if (::stat((target_.root + "/" + path).c_str(), &status) != 0) return fail_errno("stored file");
    if (static_cast<std::uint64_t>(status.st_size) == size) return {};
    return fail("STOR stored " + std::to_string(status.st_size) + " of " + std::to_string(size) + " bytes");
}

Task<Result<>> Session::fetch(std::string command, std::function<void(std::span<const char>)> see) {
    if (auto ok = co_await begin_transfer(command); !ok) co_return ok;
    std::vector<char> room(256U << 10U);
    for (;;) {
        const auto got = co_await data_.receive(room);
        if (!got) co_return fail(got.error());
        if (*got == 0) break;
        count(*got);
        see(std::span(room).first(*got));
    }
    end_data();
    co_return co_await expect_end(command);
}

Task<Result<>> Session::quit() {
    if (auto ok = co_await expect("QUIT", 2); !ok) co_return ok;
    if (control_.tls()) control_.tls()->say_end();
    co_await wait_for_end();
    control_.close();
    co_return {};
}

}  // namespace wherry::bench
