// How a client is received: a greeting for each connection, or none; names that are refused before there is a password;
// texts for a login and for a farewell; and data of your own that goes with a session.
//
//   ./own_welcome                 then: curl -v --user ann:apples ftp://127.0.0.1:2121/
//
// pyftpdlib: on_connect, msg_login, msg_quit. ftpserverlib: ClientConnected, PreAuthUser, PostAuthMessage, QuitMessage,
// ClientContext.SetExtra. Twisted: FTP.connectionMade and a welcomeMessage.
#include <wherry/wherry.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <string>

namespace {

// What we want to know of each session. Callbacks of one session may run on several threads.
struct Visit {
    std::uint64_t number = 0;
    std::atomic<int> files{0};
};

Visit& visit_of(const wherry::SessionInfo& session) { return *static_cast<Visit*>(session.extra.get()); }

}  // namespace

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    server.users().add("ann", Password("apples"), memory_filesystem(), perm::all);
    std::atomic<std::uint64_t> visits{0};
    server.ftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:2121")
        .greeting([&visits](const SessionInfo& session) {
            if (session.peer == "192.0.2.66") return FtpWelcome::refuse("Not you again");
            const auto visit = std::make_shared<Visit>();
            visit->number = ++visits;
            FtpWelcome welcome = FtpWelcome::greet("Visitor " + std::to_string(visit->number) + ", come in.");
            welcome.extra = visit;
            return welcome;
        })
        .allow_name([](const SessionInfo&, const std::string& name) {
            return name == "root" ? Verdict::refuse("Nobody is root here") : Verdict::allow();
        })
        .login_message([](const SessionInfo& session, const User& user) {
            return "Welcome, " + user.name + ",\nvisitor " + std::to_string(visit_of(session).number) + ".";
        })
        .quit_message([](const SessionInfo& session) {
            return "Files you have sent: " + std::to_string(visit_of(session).files.load()) + ".";
        });
    // Guards run before the reply of a command, events after it: what the next reply tells must be counted here.
    server.guard<action::Upload>([](const action::Upload& upload) {
        ++visit_of(upload.session).files;
        return Verdict::allow();
    });
    server.on<event::Disconnected>([](const event::Disconnected& gone) {
        if (!gone.session.extra) return;  // was never received
        std::cout << "visitor " << visit_of(gone.session).number << " has left" << std::endl;
    });
    server.log_level(LogLevel::info);
    return server.run();
}
