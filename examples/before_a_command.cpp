// A say before every command: here nobody may give more than ten of them in a second, and no directory is
// called "sunday". A refusal has a reply of your own.
//
//   ./before_a_command
//
// pyftpdlib: pre_process_command (the anti-flood demo). ftpserverlib: a MainDriver that wraps each call. Twisted:
// FTP.processCommand. Where the question is about files rather than words, take a guard: see events_and_guards.cpp.
#include <wherry/wherry.h>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>

namespace {

// Called on worker threads, several at once.
class Flood {
public:
    // Whether this session may give one more command now.
    bool lets(std::uint64_t session) {
        const auto now = std::chrono::steady_clock::now();
        const std::lock_guard lock(mutex_);
        Count& count = counts_[session];
        if (now - count.since > std::chrono::seconds(1)) count = {now, 0};
        return ++count.commands <= 10;
    }
    void forget(std::uint64_t session) {
        const std::lock_guard lock(mutex_);
        counts_.erase(session);
    }

private:
    struct Count {
        std::chrono::steady_clock::time_point since{};
        int commands = 0;
    };
    std::mutex mutex_;
    std::map<std::uint64_t, Count> counts_;
};

}  // namespace

int main(int count, char** words) {
    using namespace wherry;
    Flood flood;
    Server server;
    server.users().add_anonymous(memory_filesystem(), perm::all);
    server.ftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:2121")
        .before_command([&flood](const FtpCall& call) -> std::optional<FtpReply> {
            if (!flood.lets(call.session.id)) return FtpReply{.code = 421, .text = "Too fast", .close = true};
            if (call.verb == "MKD" && call.argument == "sunday") return FtpReply{.code = 550, .text = "Not on Sundays"};
            return std::nullopt;  // let it go on
        });
    server.on<event::Disconnected>([&flood](const event::Disconnected& gone) { flood.forget(gone.session.id); });
    server.log_level(LogLevel::info);
    return server.run();
}
