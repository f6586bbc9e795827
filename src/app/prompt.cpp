#include "app/prompt.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "auth/password.h"

namespace wherry::app {
namespace {

class EchoOff {
public:
    EchoOff() : changed_(tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!changed_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~EchoOff() {
        if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;

private:
    termios before_{};
    bool changed_;
};

}  // namespace

bool can_ask() { return isatty(STDIN_FILENO) == 1; }

Result<Password> ask_password(const std::string& prompt) {
    fmt::print(stderr, "{}", prompt);
    auto password = [] {
        const EchoOff silent;
        return read_password();
    }();
    fmt::print(stderr, "\n");
    return password;
}

Result<Password> read_password() {
    std::string line;
    line.reserve(max_password + 2);  // no copies of it left behind by growing
    for (;;) {
        char byte = 0;
        const ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(errno, "reading", "a password from standard input");
        if (got == 0 && line.empty()) return fail(Code::closed, "there is no password on standard input");
        if (got == 0 || byte == '\n') break;
        line += byte;
        if (line.size() > max_password) {
            return fail(Code::invalid, fmt::format("a password has at most {} bytes", max_password));
        }
    }
    if (line.ends_with('\r')) line.pop_back();
    return Password(std::move(line));
}

}  // namespace wherry::app
