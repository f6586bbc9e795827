// A conversation by TFTP that is no transfer: a machine that boots reports line by line how far it is, and is missed
// when it says nothing any more.
//
//   ./tftp_conversation                it asks for "boot/NAME", and then sends lines to the port that the answer is
//   from
//   ./tftp_conversation 0.0.0.0:69     somewhere else; Ctrl-C ends it
#include <wherry/wherry.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace {

// One for each machine. It is called by one thread at a time, so nothing here needs a lock.
class Booting : public wherry::TftpExchange {
public:
    explicit Booting(std::string name) : name_(std::move(name)) {}

    Next on_start() override { return {.packets = {"go on, " + name_}}; }

    // Each line is answered with its number, so that the machine knows what to send again.
    Next on_packet(std::string line) override {
        std::cout << name_ << ": " << line << std::endl;
        Next next{.packets = {std::to_string(++lines_)}, .wake = std::chrono::seconds(5)};
        if (line == "done") next.ended = wherry::Code::ok;
        return next;
    }

    Next on_timer() override {
        std::cout << name_ << " says nothing" << std::endl;
        return {.packets = {"are you there?"}, .wake = std::chrono::seconds(5)};
    }

    void on_end(wherry::Code code) override {
        std::cout << name_ << " ends " << wherry::name_of(code) << " after " << lines_ << " lines" << std::endl;
    }

private:
    const std::string name_;
    int lines_ = 0;
};

}  // namespace

int main(int count, char** words) {
    wherry::Server server;
    server.tftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:6969")
        .on_read("boot/*", [](const wherry::TftpRequest& request) {
            return wherry::TftpAnswer::exchange(std::make_shared<Booting>(std::string(request.path.name())));
        });
    if (const auto started = server.start(); !started) {
        std::cerr << started.error().message << '\n';
        return 1;
    }
    for (const wherry::Endpoint& endpoint : server.addresses()) {
        std::cerr << "listening " << endpoint.protocol << ' ' << endpoint.text() << std::endl;
    }
    return server.run();
}
