// Being told what has happened, and having a say before it does: an inbox that takes no programs and reports what came.
//
//   ./events_and_guards           then: curl -T some.file ftp://127.0.0.1:2121/
//
// pyftpdlib: on_file_received, on_incomplete_file_received, on_login and the other callbacks. ftpserverlib: a
// ClientDriver that wraps OpenFile and TransferError. Twisted: IWriteFile.close.
#include <wherry/wherry.h>

#include <iostream>

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    server.users().add_anonymous(memory_filesystem(), perm::all);
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121");
    server.log_level(LogLevel::info);

    // Asked on a worker thread before the upload begins; the text of a refusal goes to the client.
    server.guard<action::Upload>([](const action::Upload& upload) {
        if (upload.path.extension() == ".exe") return Verdict::refuse("programs are not taken");
        return Verdict::allow();
    });
    // Told on the event thread, one after the other. A transfer that was cut off is told as well, with its cause.
    server.on<event::Received>([](const event::Received& file) {
        std::cout << (file.complete() ? "received " : "incomplete ") << file.path.text() << ' ' << file.bytes
                  << " bytes from " << file.session.peer << std::endl;
    });
    server.on<event::FileRemoved>(
        [](const event::FileRemoved& file) { std::cout << "removed " << file.path.text() << std::endl; });
    // drain() is the way to end a server from within a callback.
    server.on<event::Renamed>([&server](const event::Renamed& file) {
        if (file.to.text() == "/stop") server.drain();
    });
    return server.run();
}
