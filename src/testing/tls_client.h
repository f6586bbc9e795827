#pragma once
// TlsClient: the client's side of TLS over a Connection of the memory network, moved by plain calls.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "testing/memory_network.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace wherry::testing {

using TlsSession = std::shared_ptr<ssl_session_st>;

// A file that is there as long as this object, in memory alone: what is only loaded from files can be tested with it.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view content);
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    int descriptor_;
    std::string path_;
};

struct TlsClientOptions {
    int version = 13;                    // 12 or 13: that and no other
    bool tickets = true;                 // else TLS 1.2 sessions are resumed by their id
    std::string server_name;             // SNI; empty: none
    std::vector<std::string> protocols;  // ALPN; empty: none
    TlsSession resume;
    std::string certificate;  // of the client, with its key, in PEM; empty: none
};

class TlsClient {
public:
    TlsClient(ConnectionPtr connection, const TlsClientOptions& options);
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    // Takes what the server has sent and answers it, as far as that goes now: call it, let the server run, call it
    // again. True if anything moved.
    // `keep_answer`: what it has to say is sent with the next sealed() bytes.
    bool step(bool keep_answer = false);
    bool established() const noexcept { return established_; }
    bool failed() const noexcept { return failed_; }  // an alert, or nonsense
    const std::string& failure() const noexcept { return failure_; }

    void send(std::string_view bytes);
    // Bytes that go out with the next step() calls only: what send() would have put on the wire.
    std::string sealed(std::string_view bytes);
    std::string receive();  // what has been decrypted
    void say_end();         // close_notify; the connection stays
    // The server has said close_notify, and all before it is taken.
    bool heard_end() const noexcept { return heard_end_ && received_.empty(); }

    bool resumed() const;
    std::string protocol() const;     // chosen by ALPN
    std::string common_name() const;  // of the server's certificate
    // The session to resume, by the newest ticket; null: there is none. A copy, since OpenSSL's clients use one once.
    TlsSession session() const;
    std::size_t tickets() const noexcept { return tickets_; }
    ssl_st* native() const noexcept { return ssl_.get(); }

private:
    void pull();
    void push();
    static int keep_session(ssl_st* ssl, ssl_session_st* session);

    ConnectionPtr connection_;
    std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
    std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
    TlsSession session_;
    std::string received_;
    std::string failure_;
    std::size_t tickets_ = 0;
    bool established_ = false;
    bool failed_ = false;
    bool heard_end_ = false;
};

}  // namespace wherry::testing
