// Two servers in one program. They share nothing: each has its own users, files, limits, sessions and threads. The
// first ends when somebody says SITE DOWN; the second serves on.
//
//   ./two_servers
//
// pyftpdlib: two FTPServer objects with handler classes of their own (settings of a class would be shared).
// ftpserverlib: two FtpServer values. Twisted: two factories.
#include <wherry/wherry.h>

#include <iostream>

int main(int count, char** words) {
    using namespace wherry;
    Server first;
    first.users().add("ann", Password("apples"), memory_filesystem(), perm::all | Perm("W"));
    first.limits().sessions(1);
    first.ftp()
        .listen("127.0.0.1:0")
        .greeting("The first.")
        .command({.verb = "SITE DOWN", .permission = 'W'}, [&first](const FtpCall&) {
            first.drain();  // stop() would wait for this very call
            return FtpReply{.text = "Going"};
        });
    first.on<event::Disconnected>([](const event::Disconnected&) { std::cout << "first: one has left" << std::endl; });
    if (const auto started = first.start(); !started) {
        std::cerr << started.error().message << '\n';
        return 1;
    }
    for (const Endpoint& endpoint : first.addresses()) std::cout << "the first is at " << endpoint.text() << std::endl;

    Server second;
    second.users().add("bob", Password("pears"), memory_filesystem(), perm::all);
    second.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121").greeting("The second.");
    second.log_level(LogLevel::info);
    const int code = second.run();  // the first, if it still serves, goes with its object
    return code;
}
