// Who is there, what they are doing, and how to send them away: here each login ends the older session of that user,
// and SITE WHO tells ann of all.
//
//   ./watching_sessions           then: curl -Q "SITE WHO" --user ann:apples ftp://127.0.0.1:2121/
//
// pyftpdlib: FTPServer's handlers, get_repr_info, close(). ftpserverlib: ClientContext with ID, RemoteAddr, LocalAddr,
// GetClientVersion, GetLastCommand, GetLastDataChannel, HasTLSForControl and Close. Twisted: FTPFactory.instances.
#include <wherry/wherry.h>

#include <string>

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    server.users().add("ann", Password("apples"), memory_filesystem(), perm::all | Perm("W"));
    server.users().add("bob", Password("pears"), memory_filesystem(), perm::all);
    server.on<event::LoggedIn>([&server](const event::LoggedIn& login) {
        for (const SessionInfo& other : server.sessions()) {
            if (other.user == login.session.user && other.id < login.session.id) server.kill(other.id);
        }
    });
    server.ftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:2121")
        .command({.verb = "SITE WHO", .permission = 'W'}, [&server](const FtpCall&) {
            FtpReply reply{.text = "Sessions:"};
            for (const SessionStatus& one : server.status()) {
                reply.text += "\n" + one.session.user + " " + one.session.client + " from " + one.session.peer +
                              " to " + one.session.local + ":" + std::to_string(one.session.local_port) +
                              (one.busy ? " is at " : " did ") + one.command + " data " + one.data_command;
            }
            reply.text += "\nEnd";
            return reply;
        });
    server.log_level(LogLevel::info);
    return server.run();
}
