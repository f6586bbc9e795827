// FTPS: nobody logs in in clear, and ann's files travel in TLS as well; bob may leave them in clear.
//
//   ./protected                   then: curl --ssl-reqd --cacert server.pem --user ann:apples ftp://127.0.0.1:2121/
//
// server.pem holds a certificate and its key; `wherry serve` makes one, or
//   openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=me -addext subjectAltName=IP:127.0.0.1 -keyout k -out c
//   cat c k >server.pem
//
// pyftpdlib: TLS_FTPHandler with certfile, tls_control_required and tls_data_required. ftpserverlib: GetTLSConfig,
// TLSRequired and SetTLSRequirement.
#include <wherry/wherry.h>

#include <chrono>

int main(int count, char** words) {
    using namespace wherry;
    Server server;
    const FilesystemPtr files = memory_filesystem();
    server.users().add({.name = "ann", .filesystem = files, .permissions = perm::all, .tls_required = true},
                       Password("apples"));
    server.users().add({.name = "bob", .filesystem = files, .permissions = perm::all}, Password("pears"));
    server.ftp()
        .listen(count > 1 ? words[1] : "127.0.0.1:2121")
        .tls("server.pem")
        .protect_control(Protection::required)
        .tls_reuse(TlsReuse::prefer)
        .tls_minimum(TlsVersion::tls12)
        .tls_handshake_timeout(std::chrono::seconds(10))
        .tls_clear_again(true)   // for routers that have to read PASV and PORT
        .tls_lenient_end(true);  // for clients that do not say when an upload is complete
    server.log_level(LogLevel::info);
    return server.run();
}
