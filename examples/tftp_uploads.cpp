// Uploads by TFTP that are in no file: machines of the network send their memory after a crash, as long as it may be,
// and only a sum of it is kept.
//
//   ./tftp_uploads                then: curl -T core tftp://127.0.0.1:6969/crash/core
//   ./tftp_uploads 0.0.0.0:69     somewhere else; Ctrl-C ends it
#include <wherry/wherry.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <span>
#include <string>

namespace {

struct Crash {
    std::string name;
    std::uint64_t size = 0;
    std::uint32_t sum = 1;
};

// Each upload has one of its own. Its functions are called one after the other, so nothing here needs a lock.
wherry::TftpSink sum_of(const std::string& name) {
    const auto crash = std::make_shared<Crash>(Crash{name});
    return {.write = [crash](std::uint64_t, std::span<const std::byte> bytes) -> wherry::Result<void> {
                for (const std::byte one : bytes) crash->sum = crash->sum * 31 + std::to_integer<std::uint32_t>(one);
                crash->size += bytes.size();
                return {};
            },
            // The machine may boot again only when it has heard that this went well.
            .commit = [crash]() -> wherry::Result<void> {
                if (crash->size == 0) return wherry::refuse(wherry::Code::invalid, "Nothing has come");
                std::cout << "kept " << crash->name << ' ' << crash->size << ' ' << crash->sum << std::endl;
                return {};
            },
            .discard = [crash] { std::cout << "broken " << crash->name << ' ' << crash->size << std::endl; }};
}

}  // namespace

int main(int count, char** words) {
    wherry::Server server;
    server.tftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:6969")
        .on_write("crash/*", [](const wherry::TftpRequest& request) {
            return wherry::TftpAnswer::sink(sum_of(std::string(request.path.name())));
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
