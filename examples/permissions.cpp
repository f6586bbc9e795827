// Letters for single directories: everybody reads, ann writes to /inbox, and nobody sees what is in /inbox/private but
// those who know its names.
//
//   ./permissions                 then: curl -T some.file --user ann:apples ftp://127.0.0.1:2121/inbox/
//
// pyftpdlib: DummyAuthorizer.override_perm. ftpserverlib: a ClientDriver per user. Twisted: FTPAnonymousShell and
// FTPShell.
#include <wherry/wherry.h>

#include <memory>

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    const FilesystemPtr files = memory_filesystem();
    for (const char* folder : {"/inbox", "/inbox/private"}) {
        if (const auto path = Path::resolve(folder)) (void)files->make_directory(*path, 0755);
    }
    const Path inbox = Path().child("inbox");
    User ann{.name = "ann",
             .filesystem = files,
             .permissions = perm::read,
             // The longest directory that covers a path decides.
             .rules = {{.directory = inbox, .letters = perm::read | perm::write},
                       {.directory = inbox.child("private"), .letters = perm::drop | Perm("r"), .recursive = true}},
             .start = inbox,
             .limits = {.sessions = 4, .storage = 1'000'000}};
    server.users().add(ann, Password("apples"));
    server.users().add_anonymous(files);
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121");
    server.log_level(LogLevel::info);
    return server.run();
}
