#pragma once
// A TlsStream over a connection in memory, and a TlsClient at its other end.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/clock.h"
#include "net/runtime.h"
#include "net/self_signed.h"
#include "net/tls_stream.h"
#include "observe/metrics.h"
#include "testing/memory_network.h"
#include "testing/tls_client.h"

namespace wherry::testing {

inline net::TlsContextPtr context_of(const std::string& pem, net::TlsOptions options = {}) {
    const MemoryFile file(pem);
    options.certificates = {{file.path(), {}}};
    return net::TlsContext::load(options).value();
}

class TlsTest : public ::testing::Test {
protected:
    // A connection whose handshake is yet to come.
    void connect(const TlsClientOptions& options = {}, const net::TlsUse& use = {}) {
        const auto address = net::Address::parse_ip("192.0.2.1", 21).value();
        auto [connection, stream] = MemoryNetwork::pair(loop(), address, address, net::Watch::Class::control);
        connection_ = connection;
        server_ = std::make_unique<net::TlsStream>(std::move(stream), context_, use);
        client_ = std::make_unique<TlsClient>(connection, options);
    }
    void shake_hands() {
        outcome_ = fail(Code::would_block);
        scope_.start(run_handshake());
        pump();
    }
    void pump() {
        do {
            loop().run_until_idle();
        } while (client_->step());
        loop().run_until_idle();
    }
    // All that is there for the server to read.
    std::string read_all(std::size_t piece = 4096) {
        std::string out;
        std::string buffer(piece, '\0');
        for (;;) {
            last_ = server_->try_read(std::as_writable_bytes(std::span(buffer)));
            if (!last_.ok() || last_.bytes == 0) return out;
            out.append(buffer, 0, last_.bytes);
        }
    }
    net::Io write(std::string_view text) { return server_->try_write(std::as_bytes(std::span(text))); }
    net::Loop& loop() { return *runtime_->first().loop; }
    net::Task<void> run_handshake() { outcome_ = co_await server_->handshake(); }

    ManualClock clock_;
    Metrics metrics_;
    std::unique_ptr<net::Runtime> runtime_ = net::Runtime::simulated(clock_, metrics_);
    net::Scope scope_{*runtime_->first().loop};
    net::TlsContextPtr context_ = context_of(net::make_self_signed({"localhost"}).value());
    ConnectionPtr connection_;
    std::unique_ptr<net::TlsStream> server_;
    std::unique_ptr<TlsClient> client_;
    Result<void> outcome_;
    net::Io last_;
};

}  // namespace wherry::testing
