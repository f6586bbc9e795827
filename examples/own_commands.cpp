// Commands of your own: a verb, and one of SITE that only users with a letter of yours may say. HELP, FEAT and SITE
// HELP show them as they show ours.
//
//   ./own_commands                then: curl -Q "SITE WORDS /poem.txt" --user ann:apples ftp://127.0.0.1:2121/
//
// pyftpdlib: proto_cmds and ftp_SITE_X methods, with a permission letter of their own. ftpserverlib:
// MainDriverExtensionSite. Twisted: FTP.processCommand and ftp_X methods.
#include <wherry/wherry.h>

#include <algorithm>
#include <array>
#include <string>

namespace {

// Plain blocking code on a worker thread: other sessions go on meanwhile.
wherry::FtpReply count_words(const wherry::FtpCall& call) {
    const auto path = call.path(call.argument);
    // What the user may do is for you to ask here: the file is reached without the checks that RETR makes.
    if (!path || !call.may(*path, 'r')) return {.code = 550, .text = "Not for you"};
    const auto file = call.user->filesystem->open(*path, wherry::OpenMode::for_reading());
    if (!file) return {.code = 550, .text = "No such file"};
    std::size_t words = 0;
    std::array<std::byte, 4096> some{};
    bool in_word = false;
    for (std::uint64_t at = 0;;) {
        const auto got = (*file)->read_at(at, some);
        if (!got) return {.code = 451, .text = "It cannot be read"};
        if (*got == 0) break;
        for (std::size_t i = 0; i < *got; ++i) {
            const bool letter = some.at(i) > std::byte{' '};
            words += letter && !in_word ? 1U : 0U;
            in_word = letter;
        }
        at += *got;
    }
    return {.text = std::to_string(words) + " words"};
}

}  // namespace

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    const FilesystemPtr files = memory_filesystem();
    server.users().add("ann", Password("apples"), files, perm::all | Perm("W"));  // W: a letter of ours
    server.users().add("bob", Password("pears"), files, perm::all);
    server.ftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:2121")
        .command({.verb = "SITE WORDS",
                  .help = "SITE WORDS <path> (how many there are)",
                  .feature = "SITE WORDS",
                  .argument = true,
                  .slow = true,
                  .permission = 'W'},
                 count_words)
        .command({.verb = "XWHO", .login = false}, [](const FtpCall& call) {
            return FtpReply{.text =
                                "You are " + (call.user ? call.user->name : "nobody") + "\nfrom " + call.session.peer};
        });
    server.log_level(LogLevel::info);
    return server.run();
}
