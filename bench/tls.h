#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "result.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace wherry::bench {

/// TLS 1.3 with AES-256-GCM and X25519, so that all servers do the same work; P-256 for those that know no other group,
/// which costs them a further round. Shared by the connections of one process, and outlives them.
class TlsContext {
public:
    /// Any certificate will do.
    static Result<TlsContext> for_client();
    /// `file` is a PEM file with certificate and key.
    static Result<TlsContext> for_server(const std::string& file);

    ssl_ctx_st* native() const { return context_.get(); }
    bool serves() const { return serves_; }

private:
    struct Free {
        void operator()(ssl_ctx_st* context) const noexcept;
    };
    explicit TlsContext(bool serves);

    std::unique_ptr<ssl_ctx_st, Free> context_;
    bool serves_;
};

/// TLS on a connected non-blocking descriptor, which stays its owner's. Its calls are like the system's: -1 and errno.
///
/// It never reads beyond the record it is asked for, except after read_far(): what is behind the handshake can be taken
/// from the descriptor itself.
class Tls {
public:
    enum class Use { control, data };

    /// `resume` offers a client's earlier session; null: none. A server gives tickets on control connections only.
    Tls(const TlsContext& context, int fd, Use use, ssl_session_st* resume = nullptr);
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;
    ~Tls();

    /// 0: done; -1 with EAGAIN: when the descriptor is readable, EINPROGRESS: writable, EPROTO: never.
    int handshake();
    ssize_t receive(std::span<char> room);
    ssize_t send(std::string_view bytes);
    /// close_notify. Of no importance when the peer does not take it.
    void say_end();

    bool resumed() const;
    ssl_session_st* session() const { return session_; }  ///< the latest that can be resumed, or null

    /// Servers: several records with one call of recv.
    void read_far(std::size_t bytes);
    /// Servers: from now on send() and say_end() only encrypt; what there is to send is collected(), until clear().
    void collect();
    std::string_view collected() const { return collected_; }
    void clear() { collected_.clear(); }

private:
    friend class TlsContext;
    static int keep_session(ssl_st* ssl, ssl_session_st* session);
    int failed(int result) const;

    ssl_st* ssl_;
    ssl_session_st* session_ = nullptr;
    std::string collected_;
};

/// The last thing OpenSSL complained about.
std::string tls_complaint();

}  // namespace wherry::bench
