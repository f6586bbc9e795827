// How much: sessions, rates and space, for all and for one user. Rates and numbers may be changed while it serves.
//
//   ./limits                      then: curl -T some.file --user ann:apples ftp://127.0.0.1:2121/
//
// pyftpdlib: ThrottledDTPHandler.read_limit and write_limit, max_cons, max_cons_per_ip, timeout, max_login_attempts.
// ftpserverlib: Settings.IdleTimeout, ErrStorageExceeded. Twisted: FTPFactory.timeOut and connectionLimit.
#include <wherry/wherry.h>

#include <chrono>

int main(int count, char** words) {
    using namespace wherry;
    using namespace std::chrono_literals;
    Server server;
    server.users().add({.name = "ann",
                        .filesystem = memory_filesystem(),
                        .permissions = perm::all,
                        .limits = {.sessions = 1, .download_rate = 50'000'000, .storage = 100'000}},
                       Password("apples"));
    server.limits()
        .sessions(100)
        .sessions_per_address(8)
        .transfers(50)
        .upload_rate(500'000'000)         // of all together
        .session_upload_rate(50'000'000)  // of each transfer
        .idle_timeout(5min)
        .login_attempts(3)
        .login_failure_delay(500ms);
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121").login_timeout(30s).stall_timeout(2min);
    server.log_level(LogLevel::info);
    // While it serves, and from any thread: half of it all from now on.
    server.on<event::LoggedIn>([&server](const event::LoggedIn&) { server.limits().upload_rate(250'000'000); });
    return server.run();
}
