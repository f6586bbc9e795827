// The log in your own hands: lines to a function, with a prefix of your own before those that are about a session.
//
//   ./own_log
//
// pyftpdlib: log_prefix, logging.getLogger("pyftpdlib"). ftpserverlib: FtpServer.Logger. Twisted: log.startLogging.
#include <wherry/wherry.h>

#include <iostream>
#include <string>
#include <string_view>

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    server.users().add_anonymous(memory_filesystem(), perm::all);  // the log will warn of it
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121");
    server.log_level(LogLevel::debug);  // a line for every command
    server.log_to([](LogLevel level, std::string_view line) {
        std::cout << (level >= LogLevel::warning ? "! " : "  ") << line << std::endl;
    });
    server.log_prefix([](const SessionInfo& session) {
        return session.peer + " <" + (session.user.empty() ? "?" : session.user) + ">";
    });
    return server.run();
}
