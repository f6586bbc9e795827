// A boot server: images from the current folder, a menu made for each machine, and reports that machines send.
//
//   ./tftp_boot                   then: curl tftp://127.0.0.1:6969/pxelinux.cfg/01-00-11-22-33-44-55
//   ./tftp_boot 0.0.0.0:69        somewhere else; Ctrl-C ends it
#include <wherry/wherry.h>

#include <iostream>
#include <optional>
#include <string>

int main(int count, char** words) {
    wherry::Server server;
    server.log_level(wherry::LogLevel::info);
    server.tftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:6969")
        .serve(".")
        .on_read("pxelinux.cfg/01-*",
                 [](const wherry::TftpRequest& request) {
                     return wherry::TftpAnswer::content(
                         "default linux\nlabel linux\n kernel vmlinuz\n append host=" + request.peer +
                         " mac=" + std::string(request.path.name().substr(3)) + "\n");
                 })
        .on_read("*.efi",
                 [](const wherry::TftpRequest& request) {
                     // Old firmware asks for a name that is not ours.
                     if (request.path.name() == "bootx64.efi") return wherry::TftpAnswer::pass();
                     return wherry::TftpAnswer::file(wherry::Path::resolve("/bootx64.efi").value());
                 })
        .on_read("secret*",
                 [](const wherry::TftpRequest&) { return wherry::TftpAnswer::refuse(2, "Not for everybody"); })
        .on_option(
            "x-site",
            [](const std::string& value, const wherry::TftpRequest&) -> wherry::Result<std::optional<std::string>> {
                if (value != "attic") return wherry::refuse(wherry::Code::denied, "No such site");
                return "ok";
            })
        .on_opcode(77,
                   [](const wherry::TftpPacket& packet) -> std::optional<std::string> {
                       return packet.bytes.substr(0, 2) + "here is " + packet.local;
                   })
        .on_write("report/*", [](const wherry::TftpRequest& request) {
            return wherry::TftpAnswer::take([request](std::string content) -> wherry::Result<void> {
                if (content.empty()) return wherry::refuse(wherry::Code::denied, "An empty report");
                std::cout << "report of " << request.peer << ": " << content << std::endl;
                return {};
            });
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
