// Content by TFTP that is in no file: made once for all machines, or read piece by piece; and who gets it, on the
// screen.
//
//   ./tftp_content                then: curl tftp://127.0.0.1:6969/menu, .../inventory, .../random/5000000
//   ./tftp_content 0.0.0.0:69     somewhere else; Ctrl-C ends it
#include <wherry/wherry.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <iostream>
#include <memory>
#include <span>
#include <string>

// Bytes that are the same whenever one asks for them, as a source must be: here they follow from their place alone.
wherry::TftpSource bytes_of_length(std::uint64_t size) {
    return {.read = [size](std::uint64_t offset, std::span<std::byte> into) -> wherry::Result<std::size_t> {
                const std::uint64_t left = size - std::min(size, offset);
                into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left)));
                for (std::byte& one : into) one = static_cast<std::byte>(offset++ * 2654435761U >> 16U);
                return into.size();
            },
            .size = size,
            .cache_key = "bytes of " + std::to_string(size)};
}

int main(int count, char** words) {
    wherry::Server server;
    const auto made = std::make_shared<std::atomic<int>>(0);
    server.tftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:6969")
        .on_read("menu",
                 [made](const wherry::TftpRequest&) {
                     // A rack that boots asks for it a thousand times at once. It is made for the first one alone.
                     return wherry::TftpAnswer::content("menu", [made]() -> wherry::Result<std::string> {
                         return "menu number " + std::to_string(++*made) + "\n";
                     });
                 })
        .on_read("inventory",
                 [](const wherry::TftpRequest& request) {
                     // Nobody knows beforehand how long it is. For a client with little memory: small windows.
                     auto text = std::make_shared<const std::string>("you are " + request.peer + "\n");
                     return wherry::TftpAnswer::source(
                                {.read = [text](std::uint64_t offset,
                                                std::span<std::byte> into) -> wherry::Result<std::size_t> {
                                    const auto all = std::as_bytes(std::span(*text));
                                    const auto rest = all.subspan(std::min<std::size_t>(all.size(), offset));
                                    const auto now = rest.first(std::min(rest.size(), into.size()));
                                    std::copy(now.begin(), now.end(), into.begin());
                                    return now.size();
                                }})
                         .windowsize_max(4)
                         .option("x-kind", "inventory");
                 })
        .on_read("random/*",
                 [](const wherry::TftpRequest& request) {
                     const std::string_view digits = request.path.name();
                     std::uint64_t size = 0;
                     const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), size);
                     if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
                         return wherry::TftpAnswer::refuse(1, "Not a number");
                     }
                     return wherry::TftpAnswer::source(bytes_of_length(size));
                 })
        .observe({.started = [](const wherry::TftpTransfer& one) { std::cout << "begins " << one.name << std::endl; },
                  .finished =
                      [](const wherry::TftpTransfer& one, wherry::Code cause) {
                          std::cout << "ends " << one.name << ' ' << one.bytes << ' ' << wherry::name_of(cause)
                                    << std::endl;
                      }});
    if (const auto started = server.start(); !started) {
        std::cerr << started.error().message << '\n';
        return 1;
    }
    for (const wherry::Endpoint& endpoint : server.addresses()) {
        std::cerr << "listening " << endpoint.protocol << ' ' << endpoint.text() << std::endl;
    }
    return server.run();
}
