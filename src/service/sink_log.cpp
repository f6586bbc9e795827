#include "service/sink_log.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

#include "core/text.h"

namespace wherry {
namespace {

// for_log() as one word. An empty one would move the words behind it, so it is a dash.
std::string word(std::string_view text, std::size_t max = 512) {
    if (text.empty()) return "-";
    std::string out;
    for (const char c : for_log(text, max)) {
        if (c == ' ') {
            out += "\\x20";
        } else {
            out += c;
        }
    }
    return out;
}

// Which file it was must be told in full, however long its name is.
std::string word(const Path& path) { return word(path.text(), 4 * Path::max_length); }

std::string who(const SessionInfo& session) {
    const bool ipv6 = session.peer.find(':') != std::string::npos;
    return fmt::format("[{} {}{}{}{}{}:{}]", session.id, session.user.empty() ? "" : word(session.user),
                       session.user.empty() ? "" : "@", ipv6 ? "[" : "", word(session.peer), ipv6 ? "]" : "",
                       session.peer_port);
}

double seconds(std::chrono::microseconds duration) { return std::chrono::duration<double>(duration).count(); }

std::string transferred(std::string_view verb, const event::Transferred& event) {
    const std::string offset = event.offset == 0 ? "" : fmt::format(" offset={}", event.offset);
    return fmt::format("{} {}{} bytes={} seconds={:.3f} cause={}", verb, word(event.path), offset, event.bytes,
                       seconds(event.duration), name_of(event.cause));
}

// The line without its prefix. An event that has no function here does not compile.
struct Text {
    std::string operator()(const event::Connected& event) const {
        return fmt::format("connected {}", word(event.session.protocol));
    }
    std::string operator()(const event::Refused& event) const { return "refused: " + for_log(event.reason); }
    std::string operator()(const event::TlsHandshake& event) const {
        if (!event.complete()) return fmt::format("tls failed: {}", for_log(event.reason));
        return fmt::format("tls {} {} name={}", event.version, event.cipher, word(event.server_name));
    }
    std::string operator()(const event::Disconnected& event) const {
        return fmt::format("disconnected seconds={:.3f} cause={}", seconds(event.duration), name_of(event.cause));
    }
    std::string operator()(const event::LoggedIn&) const { return "login ok"; }
    std::string operator()(const event::LoginFailed& event) const {
        return fmt::format("login failed name={} reason={}", word(event.name), for_log(event.reason));
    }
    std::string operator()(const event::LoggedOut&) const { return "logged out"; }
    std::string operator()(const event::Command& event) const {
        return fmt::format("command reply={} {}{}{}", event.reply, word(event.verb), event.argument.empty() ? "" : " ",
                           for_log(event.argument));
    }
    std::string operator()(const event::Sent& event) const { return transferred("sent", event); }
    std::string operator()(const event::Received& event) const { return transferred("received", event); }
    std::string operator()(const event::DirectoryMade& event) const { return "mkdir " + word(event.path); }
    std::string operator()(const event::DirectoryRemoved& event) const { return "rmdir " + word(event.path); }
    std::string operator()(const event::FileRemoved& event) const { return "removed " + word(event.path); }
    std::string operator()(const event::Renamed& event) const {
        return fmt::format("renamed {} to {}", word(event.from), word(event.to));
    }
    std::string operator()(const event::ModeChanged& event) const {
        return fmt::format("chmod {} mode={:04o}", word(event.path), event.mode);
    }
    std::string operator()(const event::TimeChanged& event) const {
        return fmt::format("touched {} {}={}", word(event.path), event.created ? "created" : "modified",
                           event.modified);
    }
    std::string operator()(const event::OwnerChanged& event) const {
        return fmt::format("chown {} uid={}{}", word(event.path), event.uid,
                           event.gid ? fmt::format(" gid={}", *event.gid) : "");
    }
    std::string operator()(const event::SymlinkMade& event) const {
        return fmt::format("symlink {} to {}", word(event.path), word(event.target));
    }
    // These are told by the service itself.
    std::string operator()(const event::TftpAsked& event) const { return "tftp " + word(event.name); }
};

// What happens all the time without anything being wrong is for debugging.
LogLevel level_of(const Event& event) {
    const auto* tls = std::get_if<event::TlsHandshake>(&event);
    const bool usual = std::holds_alternative<event::Command>(event) || (tls != nullptr && tls->complete());
    return usual ? LogLevel::debug : LogLevel::info;
}

}  // namespace

std::function<void(const Event&)> log_sink(Log& log, std::function<std::string(const SessionInfo&)> prefix) {
    return [&log, prefix = std::move(prefix)](const Event& event) {
        const LogLevel level = level_of(event);
        if (!log.writes(level)) return;
        const SessionInfo& session =
            std::visit([](const auto& any) -> const SessionInfo& { return any.session; }, event);
        if (session.protocol == "tftp") return;  // that service tells more about a transfer, in a line of its own
        log.line(level, (prefix ? for_log(prefix(session)) : who(session)) + ' ' + std::visit(Text{}, event));
    };
}

}  // namespace wherry
