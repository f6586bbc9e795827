// I2FTP with a key for each user, in clear for old clients and inside TLS for those that can.
//
//   ./i2ftp_keys                  then: WHERRY_I2FTP_KEY=... wherry i2ftp ls i2ftp://127.0.0.1:26842/
//   ./i2ftp_keys 0.0.0.0:26842    somewhere else; Ctrl-C ends it
#include <wherry/wherry.h>

#include <iostream>

int main(int count, char** words) {
    wherry::Server server;
    server.log_level(wherry::LogLevel::info);

    // A user of FTP and I2FTP alike: the same folder, permissions, limits and events, whichever way she comes.
    if (!server.users().add("alice", wherry::Password("s3cret"), ".", wherry::perm::all)) return 1;
    const wherry::SharedKey of_alice = wherry::SharedKey::random();
    // One of I2FTP alone, whose files are in memory.
    wherry::User bob;
    bob.name = "bob";
    bob.permissions = wherry::perm::read;
    bob.filesystem = wherry::memory_filesystem();
    const wherry::SharedKey of_bob = wherry::SharedKey::random();

    server.i2ftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:26842")
        .key(of_alice, "alice")
        .key(of_bob, bob)
        .keep_uploads(std::chrono::hours(24));
    server.on<wherry::event::Received>([](const wherry::event::Received& upload) {
        std::cout << upload.session.user << " has put " << upload.path.text() << std::endl;
    });
    if (const auto started = server.start(); !started) {
        std::cerr << started.error().message << '\n';
        return 1;
    }
    for (const wherry::Endpoint& endpoint : server.addresses()) {
        std::cerr << "listening " << endpoint.protocol << ' ' << endpoint.text() << std::endl;
    }
    std::cerr << "key of alice " << of_alice.hex() << std::endl << "key of bob " << of_bob.hex() << std::endl;
    return server.run();
}
