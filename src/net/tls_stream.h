#pragma once
// TlsStream: TLS over another stream (RFC 8446, RFC 5246; for FTP RFC 4217), the server's side or the client's.
//
// OpenSSL reads and writes by a BIO over that stream, so that sockets and the memory network of tests are served by the
// same code. What the stream does not take at once waits here, at most a record or a flight of the handshake: OpenSSL
// is never stopped in the middle of a write, and a write that was accepted is never asked for again. As many
// records of a write as the stream has room for are gathered here, and go to it with one call.
//
// Where the kernel can encrypt (kTLS), OpenSSL gives it the keys of what is sent at the end of the handshake. From then
// on the stream below takes the data in clear, by try_write() or straight from a file, and OpenSSL has only the alerts
// to send. What is received is decrypted here in any case. Belongs to one loop; see works_on_lanes().
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream.h"
#include "net/tls_context.h"
#include "net/tls_trust.h"

struct ssl_st;
struct bio_st;

namespace wherry::net {

// What ties the data connections of one FTP session to its control connection: TLS sessions that were begun under one
// binding are resumed under the same one only.
using TlsBinding = std::array<unsigned char, 32>;
TlsBinding random_tls_binding();

struct TlsUse {
    // Tickets are given to control connections alone; data connections may resume by them.
    enum class Kind : std::uint8_t { control, data };
    Kind kind = Kind::control;
    TlsBinding binding{};
    bool lenient_end = false;  // an end of the data without close_notify is an orderly end
    bool read_ahead = true;    // takes from the stream what is there; off where clear text may follow (CCC)
    bool kernel = false;       // the kernel may encrypt: a few system calls, well spent on much data
    // What a client that names protocols (ALPN) must name; data connections may be named "-data".
    std::string_view protocol = "ftp";
    TlsVersion minimum = TlsVersion::tls12;  // beyond what the context asks for
};

class TlsStream final : public Stream {
public:
    TlsStream(StreamPtr under, TlsContextPtr context, const TlsUse& use);
    // The client's side: TLS 1.3 with the server of that name or address, if `trust` takes its certificate.
    TlsStream(StreamPtr under, TlsTrustPtr trust, const std::string& server, std::string_view protocol);
    ~TlsStream() override;

    // Before anything else; the stream's deadline ends it. The error tells what the peer or OpenSSL found wrong:
    // Code::reset, or the cause of an abort.
    Task<Result<void>> handshake();

    Io try_read(std::span<std::byte> into) override;
    Io try_write(std::span<const std::byte> from) override;
    Io try_flush() override;
    Io try_send_file(int file, std::uint64_t offset, std::size_t bytes) override;
    Io try_say_end() override;
    void shutdown_write() override;
    bool holds_input() const noexcept override;
    bool has_unread() override { return under_->has_unread(); }
    bool has_ended() const noexcept override { return under_->has_ended(); }
    bool works_on_lanes() const noexcept override { return under_->works_on_lanes(); }
    std::size_t room() const noexcept override;
    int poll_descriptor() const noexcept override { return under_->poll_descriptor(); }
    Address local() const override { return under_->local(); }
    bool is_secure() const noexcept override { return true; }

    // --- after the handshake -----------------------------------------------------------------------------------------
    bool resumed() const noexcept;
    std::string_view server_name() const noexcept;  // as the client gave it (SNI), or empty
    std::string_view protocol() const noexcept;     // "TLSv1.3"
    std::string_view cipher() const noexcept;
    bool by_kernel() const noexcept { return by_kernel_; }  // it encrypts what is sent
    // Of the client; null: it has shown none.
    const std::shared_ptr<const ClientCertificate>& certificate() const noexcept { return certificate_; }
    // One more ticket goes out with the next write: clients may use each only once (RFC 8446 C.4). TLS 1.3 only.
    void issue_ticket() noexcept;
    // The stream below, to go on in clear after close_notify was said and heard. Only without read_ahead.
    StreamPtr release();

    const TlsContext& context() const noexcept { return *context_; }  // of a server
    const TlsUse& use() const noexcept { return use_; }

private:
    friend struct TlsBio;
    void on_abort() override { under_->abort(cause()); }
    void begin(ssl_ctx_st* context);
    Result<void> check_server() const;
    Io reason(int result);
    bool flush();
    void write_record(std::span<const std::byte> record);
    void let_kernel_encrypt(int socket);
    Io say_end_by_kernel();

    StreamPtr under_;
    TlsContextPtr context_;
    TlsTrustPtr trust_;  // of a client, which has no context
    const TlsUse use_;
    ssl_st* ssl_ = nullptr;
    std::vector<std::byte> pending_;  // written by OpenSSL and not yet taken by the stream below
    std::optional<Io> broken_;        // what the stream below said when it failed
    std::optional<Io> read_end_;
    std::shared_ptr<const ClientCertificate> certificate_;
    bool saw_end_ = false;  // of the stream below
    bool more_follows_ = false;
    bool gathering_ = false;
    bool established_ = false;
    bool by_kernel_ = false;
    bool said_end_ = false;
};

}  // namespace wherry::net
