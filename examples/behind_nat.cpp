// A server behind address translation or a firewall: the address that PASV tells, and the ports to be opened for it.
//
//   ./behind_nat
//
// pyftpdlib: masquerade_address, passive_ports, permit_foreign_addresses, permit_privileged_ports. ftpserverlib:
// PublicHost, PassiveTransferPortRange, DisableActiveMode. Twisted: FTPFactory.passivePortRange.
#include <wherry/wherry.h>

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    server.users().add_anonymous(memory_filesystem());
    server.ftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:2121")
        .nat_address("203.0.113.7")
        .passive_ports(50000, 50999)  // the firewall lets these in
        .active(false);
    server.log_level(LogLevel::info);
    return server.run();
}
