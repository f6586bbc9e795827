// What the machine of run.sh serves: a folder under FTPS, to everybody. With SIGTERM it tells its metrics and ends.
#include <wherry/wherry.h>

#include <csignal>
#include <cstdio>

int main(int count, char** words) {
    using namespace wherry;
    if (count != 3) return 2;
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, nullptr);
    Server server;
    if (!server.users().add_anonymous(words[1], perm::all)) return 2;
    server.ftp().listen("127.0.0.1:2121").tls(words[2]).protect_control(Protection::required);
    server.log_level(LogLevel::info);
    if (const auto started = server.start(); !started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        return 1;
    }
    int signal = 0;
    sigwait(&end, &signal);
    std::fputs(server.metrics().c_str(), stdout);
    server.stop();
    return 0;
}
