// A whole server: alice may do everything in the current folder, anybody else may read it.
//
//   ./minimal                     then: curl --user alice:s3cret ftp://127.0.0.1:2121/
//   ./minimal 0.0.0.0:2100        somewhere else; Ctrl-C ends it
//
// pyftpdlib: the base FTP server of its tutorial (DummyAuthorizer, FTPHandler, FTPServer.serve_forever). ftpserverlib:
// FtpServer.ListenAndServe. Twisted: FTPFactory with a Portal.
#include <wherry/wherry.h>

int main(int count, char** words) {
    wherry::Server server;
    server.users().add("alice", wherry::Password("s3cret"), ".", wherry::perm::all);
    server.users().add_anonymous(".", wherry::perm::read);
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121").greeting("The smallest server there is.");
    server.limits().sessions(100).sessions_per_address(8).idle_timeout(std::chrono::minutes(5));
    server.log_level(wherry::LogLevel::info);
    return server.run();
}
