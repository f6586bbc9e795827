#include "net/tls_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <random>

#include "unit/net/tls_fixture.h"

namespace wherry::testing {
namespace {

using net::TlsUse;

std::string noise(std::size_t size, std::mt19937& random) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

TEST_F(TlsTest, SpeaksBothVersions) {
    for (const int version : {12, 13}) {
        connect({.version = version});
        shake_hands();
        ASSERT_TRUE(outcome_) << outcome_.error().message;
        EXPECT_EQ(server_->protocol(), version == 12 ? "TLSv1.2" : "TLSv1.3");
        EXPECT_TRUE(server_->is_secure());
        client_->send("to the server");
        EXPECT_EQ(read_all(), "to the server");
        EXPECT_TRUE(last_.would_block());
        EXPECT_EQ(write("to the client").bytes, 13U);
        pump();
        EXPECT_EQ(client_->receive(), "to the client");
    }
}

TEST_F(TlsTest, BeforeTheHandshakeNothingIsReadOrWritten) {
    connect();
    EXPECT_EQ(write("x").code, Code::closed);
    EXPECT_EQ(read_all(), "");
    EXPECT_EQ(last_.code, Code::closed);
    EXPECT_TRUE(server_->try_say_end().ok());
    EXPECT_EQ(connection_->waiting(), 0U);
}

// pyftpdlib 576, 663, 194: the closing word comes in the same segment as data, or in pieces; nothing may be lost.
TEST_F(TlsTest, UploadsOfRandomSegmentsArriveWhole) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        connect({.version = seed % 2 == 0 ? 12 : 13}, {.kind = TlsUse::Kind::data, .read_ahead = seed % 3 != 0});
        shake_hands();
        ASSERT_TRUE(outcome_);
        const std::string sent = noise(random() % 100'000, random);
        std::string wire;
        for (std::size_t at = 0; at < sent.size();) {
            const std::size_t size = std::min<std::size_t>(sent.size() - at, 1 + random() % 30'000);
            wire += client_->sealed(std::string_view(sent).substr(at, size));
            at += size;
        }
        SSL_shutdown(client_->native());
        wire += client_->sealed({});
        std::string got;
        for (std::size_t at = 0; at < wire.size();) {
            const std::size_t size = std::min<std::size_t>(wire.size() - at, 1 + random() % 5000);
            connection_->send(std::string_view(wire).substr(at, size));
            at += size;
            if (random() % 2 == 0) got += read_all(1 + random() % 20'000);
        }
        connection_->end_sending();
        got += read_all();
        EXPECT_TRUE(last_.ok());
        EXPECT_EQ(got, sent);
    }
}

TEST_F(TlsTest, DownloadsThroughRandomWindowsArriveWhole) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        connect({.version = seed % 2 == 0 ? 12 : 13}, {.kind = TlsUse::Kind::data});
        shake_hands();
        ASSERT_TRUE(outcome_);
        const std::string sent = noise(random() % 300'000, random);
        std::string got;
        std::size_t done = 0;
        bool ended = false;
        for (int turns = 0; !client_->heard_end() && turns < 100'000; ++turns) {
            connection_->window = random() % 40'000;
            if (done < sent.size()) {
                const net::Io io = write(std::string_view(sent).substr(done, 1 + random() % 200'000));
                ASSERT_TRUE(io.ok() || io.would_block());
                done += io.bytes;
            } else if (!ended) {
                ended = server_->try_say_end().ok();
            }
            client_->step();
            got += client_->receive();
        }
        EXPECT_TRUE(client_->heard_end());
        EXPECT_EQ(got, sent);
    }
}

// One call of the system for each record was a tenth of its work.
TEST_F(TlsTest, TheRecordsOfAWriteGoTogetherWhereThereIsRoom) {
    constexpr long plenty = 1000;
    const auto write_into = [&](std::size_t window) {
        connect({}, {.kind = TlsUse::Kind::data});
        shake_hands();
        connection_->window = window;
        connection_->fail_after = plenty;
        const std::size_t taken = write(std::string(100'000, 'x')).bytes;
        EXPECT_EQ(plenty - connection_->fail_after, 1);  // calls
        return taken;
    };
    EXPECT_EQ(write_into(200'000), 100'000U);
    EXPECT_EQ(write_into(70'000), 65'536U);  // four whole records
    EXPECT_EQ(write_into(20'000), 16'384U);
    EXPECT_EQ(write_into(1'000), 16'384U);  // one in any case: what does not fit of it is held here
}

// pyftpdlib 614: wherever an upload is cut off, it is never taken for complete.
TEST_F(TlsTest, NoCutLooksLikeAnEnd) {
    for (const int version : {12, 13}) {
        connect({.version = version}, {.kind = TlsUse::Kind::data});
        shake_hands();
        std::string wire = client_->sealed("some content");
        const std::size_t before_end = wire.size();
        SSL_shutdown(client_->native());
        wire += client_->sealed({});
        for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
            connect({.version = version}, {.kind = TlsUse::Kind::data});
            shake_hands();
            ASSERT_TRUE(outcome_);
            std::string own = client_->sealed("some content");
            SSL_shutdown(client_->native());
            own += client_->sealed({});
            ASSERT_EQ(own.size(), wire.size());
            connection_->send(std::string_view(own).substr(0, cut));
            connection_->end_sending();
            const std::string got = read_all();
            EXPECT_EQ(got, cut >= before_end ? "some content" : "") << cut;
            EXPECT_EQ(last_.code, cut == wire.size() ? Code::ok : Code::tls_truncated) << cut;
        }
    }
}

TEST_F(TlsTest, ALenientStreamTakesACutForAnEnd) {
    connect({}, {.kind = TlsUse::Kind::data, .lenient_end = true});
    shake_hands();
    client_->send("all");
    connection_->end_sending();
    EXPECT_EQ(read_all(), "all");
    EXPECT_TRUE(last_.ok());
}

TEST_F(TlsTest, TamperedBytesAreNoEndEither) {
    connect({}, {.kind = TlsUse::Kind::data, .lenient_end = true});
    shake_hands();
    std::string wire = client_->sealed("some content");
    wire.back() = static_cast<char>(wire.back() ^ 1);
    connection_->send(wire);
    connection_->end_sending();
    EXPECT_EQ(read_all(), "");
    EXPECT_EQ(last_.code, Code::reset);
}

TEST_F(TlsTest, ResumesUnderTheSameBindingOnly) {
    struct Way {
        int version;
        bool tickets;
    };
    for (const Way way : {Way{13, true}, Way{12, true}, Way{12, false}}) {
        SCOPED_TRACE(way.version + (way.tickets ? 0 : 100));
        const TlsUse control{.binding = net::random_tls_binding()};
        const TlsUse data{.kind = TlsUse::Kind::data, .binding = control.binding};
        const TlsUse stranger{.kind = TlsUse::Kind::data, .binding = net::random_tls_binding()};
        TlsClientOptions options{.version = way.version, .tickets = way.tickets};
        connect(options, control);
        shake_hands();
        const auto first = std::move(client_);
        const auto kept = std::move(server_);
        ASSERT_TRUE(first->session());
        for (int i = 0; i < 3; ++i) {
            options.resume = first->session();
            connect(options, data);
            shake_hands();
            ASSERT_TRUE(outcome_);
            EXPECT_TRUE(server_->resumed());
            EXPECT_TRUE(client_->resumed());
        }
        options.resume = first->session();
        connect(options, stranger);
        shake_hands();
        EXPECT_TRUE(outcome_);
        EXPECT_FALSE(server_->resumed());
    }
}

// A transfer that broke off, or was truncated, does not cost the session its resumption (TLS 1.2 by id remembers it).
TEST_F(TlsTest, ResumesAfterABrokenTransfer) {
    const TlsUse control{.binding = net::random_tls_binding()};
    const TlsUse data{.kind = TlsUse::Kind::data, .binding = control.binding};
    TlsClientOptions options{.version = 12, .tickets = false};
    connect(options, control);
    shake_hands();
    const auto first = std::move(client_);
    const auto kept = std::move(server_);
    options.resume = first->session();
    connect(options, data);
    shake_hands();
    connection_->end_sending();
    read_all();
    EXPECT_EQ(last_.code, Code::tls_truncated);
    connect(options, data);
    shake_hands();
    connection_->reset();
    read_all();
    connect(options, data);
    shake_hands();
    EXPECT_TRUE(server_->resumed());
}

// proftpd 795, 1963: tickets are for control connections; on data connections they would pile up with the clients.
TEST_F(TlsTest, TicketsAreGivenOnControlConnectionsAlone) {
    for (const int version : {12, 13}) {
        connect({.version = version}, {.kind = TlsUse::Kind::control});
        shake_hands();
        EXPECT_EQ(client_->tickets(), 1U) << version;
        connect({.version = version}, {.kind = TlsUse::Kind::data});
        shake_hands();
        EXPECT_EQ(client_->tickets(), 0U) << version;
    }
}

// ProFTPD 1963: what is kept to be resumed is bounded, however many come and go; tickets cost the server nothing.
TEST_F(TlsTest, SessionsThatAreKeptHaveABound) {
    SSL_CTX* const context = context_->native();
    EXPECT_EQ(SSL_CTX_sess_get_cache_size(context), 4096);
    constexpr long bound = 32;
    SSL_CTX_sess_set_cache_size(context, bound);
    for (int i = 0; i < 10; ++i) {
        connect({.version = 13});
        shake_hands();
    }
    EXPECT_EQ(SSL_CTX_sess_number(context), 0);
    for (long i = 0; i < 3 * bound; ++i) {
        connect({.version = 12, .tickets = false});
        shake_hands();
        ASSERT_TRUE(outcome_);
    }
    EXPECT_LE(SSL_CTX_sess_number(context), bound);
    EXPECT_GE(SSL_CTX_sess_number(context), bound - 1);
    EXPECT_GE(SSL_CTX_sess_cache_full(context), 2 * bound);
}

// Data connections that resumed nothing leave nothing behind.
TEST_F(TlsTest, DataConnectionsAreNotKept) {
    for (int i = 0; i < 20; ++i) {
        connect({.version = 12, .tickets = false}, {.kind = TlsUse::Kind::data});
        shake_hands();
        ASSERT_TRUE(outcome_);
    }
    EXPECT_EQ(SSL_CTX_sess_number(context_->native()), 0);
}

TEST_F(TlsTest, GivesFurtherTicketsWhenAsked) {
    connect();
    shake_hands();
    const std::size_t before = client_->tickets();
    server_->issue_ticket();
    write("x");
    pump();
    EXPECT_EQ(client_->tickets(), before + 1);
    EXPECT_EQ(client_->receive(), "x");
}

// vsftpd 2.2.1: a session that outlived its ticket got no data connection any more. In TLS 1.2 the ticket is good for
// longer than sessions live, in TLS 1.3 for a week, and a further one begins a week of its own.
TEST_F(TlsTest, TicketsAreGoodForAsLongAsTheyMayBe) {
    connect({.version = 12});
    shake_hands();
    EXPECT_GE(SSL_SESSION_get_ticket_lifetime_hint(client_->session().get()), 366UL * 86'400);
    connect({.version = 13});
    shake_hands();
    EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(client_->session().get()), 7UL * 86'400);
    server_->issue_ticket();
    write("x");
    pump();
    EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(client_->session().get()), 7UL * 86'400);
}

TEST_F(TlsTest, WithoutResumptionThereIsNone) {
    context_ = context_of(net::make_self_signed({"localhost"}).value(), {.resumption = false});
    for (const int version : {12, 13}) {
        connect({.version = version});
        shake_hands();
        EXPECT_EQ(client_->tickets(), 0U) << version;
    }
}

// CVE-2009-3555, CVE-2011-1473.
TEST_F(TlsTest, RenegotiationIsRefused) {
    connect({.version = 12});
    shake_hands();
    ASSERT_TRUE(outcome_);
    SSL_renegotiate(client_->native());
    SSL_do_handshake(client_->native());
    client_->step();
    read_all();
    client_->step();
    client_->step();
    // The client hears no ServerHello; its connection goes on as it was, or has ended.
    EXPECT_TRUE(SSL_in_init(client_->native()) || client_->failed());
    EXPECT_EQ(SSL_num_renegotiations(client_->native()), 1);
    EXPECT_FALSE(SSL_is_init_finished(client_->native()) != 0 && !client_->failed());
}

// A client that asks for new keys and never reads what it gets for it.
TEST_F(TlsTest, KeyUpdatesDoNotPileUp) {
    connect();
    shake_hands();
    connection_->window = 0;
    for (int i = 0; i < 2000; ++i) {
        SSL_key_update(client_->native(), SSL_KEY_UPDATE_REQUESTED);
        client_->send("x");
    }
    EXPECT_EQ(read_all().size(), 2000U);
    connection_->window = 1 << 20U;
    EXPECT_TRUE(write("still here").ok());
    pump();
    EXPECT_EQ(client_->receive(), "still here");
}

TEST_F(TlsTest, AnAbortEndsTheHandshake) {
    connect();
    client_.reset();
    scope_.start(run_handshake());
    loop().run_until_idle();
    server_->abort(Code::timeout);
    loop().run_until_idle();
    EXPECT_EQ(outcome_.error().code, Code::timeout);
    EXPECT_EQ(server_->try_write({}).code, Code::timeout);
}

// House rule: fail the n-th operation, for each n until it passes.
TEST_F(TlsTest, SurvivesABreakAtEveryOperation) {
    for (long n = 0; n < 200; ++n) {
        SCOPED_TRACE(n);
        connect({}, {.kind = TlsUse::Kind::control});
        connection_->fail_after = n;
        shake_hands();
        bool good = outcome_.has_value();
        if (good) {
            client_->send("hello");
            good = read_all() == "hello" && write(std::string(50'000, 'x')).ok() && server_->try_say_end().ok();
        } else {
            EXPECT_EQ(outcome_.error().code, Code::reset);
        }
        if (connection_->fail_after > 0) {
            EXPECT_TRUE(good);
            return;
        }
    }
    FAIL() << "it never passed";
}

// In a resumed handshake the client speaks last, and may send all of a small file in the same packet: who waited for
// the socket before reading waited for ever.
TEST_F(TlsTest, KnowsOfDataThatCameWithTheHandshake) {
    const TlsUse control{.binding = net::random_tls_binding()};
    const TlsUse data{.kind = TlsUse::Kind::data, .binding = control.binding};
    TlsClientOptions options{.version = 12};
    connect(options, control);
    shake_hands();
    const auto first = std::move(client_);
    const auto kept = std::move(server_);
    options.resume = first->session();
    connect(options, data);
    outcome_ = fail(Code::would_block);
    scope_.start(run_handshake());
    loop().run_until_idle();
    client_->step(true);
    ASSERT_TRUE(client_->established());
    std::string wire = client_->sealed("small");
    SSL_shutdown(client_->native());
    wire += client_->sealed({});
    connection_->send(wire);
    loop().run_until_idle();
    ASSERT_TRUE(outcome_);
    EXPECT_TRUE(server_->resumed());
    EXPECT_TRUE(server_->holds_input());
    EXPECT_EQ(read_all(), "small");
    EXPECT_TRUE(last_.ok());
    EXPECT_FALSE(server_->holds_input());
}

TEST_F(TlsTest, SaysTheEndAfterEverythingElse) {
    connect({}, {.kind = TlsUse::Kind::data});
    shake_hands();
    connection_->window = 1000;
    const std::string text(10'000, 'y');
    EXPECT_EQ(write(text).bytes, text.size());
    EXPECT_TRUE(server_->try_flush().would_block());
    std::string got;
    while (server_->try_say_end().would_block()) {
        client_->step();
        got += client_->receive();
        EXPECT_FALSE(client_->heard_end());
    }
    pump();
    got += client_->receive();
    EXPECT_TRUE(client_->heard_end());
    EXPECT_EQ(got, text);
    EXPECT_EQ(write("more").code, Code::closed);
}

}  // namespace
}  // namespace wherry::testing
