// Both sides of the I2TCP handshake. Input: a byte of circumstances, a byte of how many steps are true, then what the
// other side sends from there on.
#include <string>

#include "fuzz.h"
#include "i2ftp/handshake.h"

namespace {

using namespace wherry::i2ftp;
using wherry::SharedKey;
using wherry::fuzz::require;

constexpr double now = 1'767'323'045;
constexpr std::size_t most_steps = 4;

// The same bytes in every run.
class Counting final : public Random {
public:
    void fill(std::span<Byte> out) override {
        for (Byte& one : out) one = ++last_;
    }

private:
    Byte last_ = 0;
};

const RsaKey& rsa() {
    static const RsaKey key = RsaKey::generate(1024).value();
    return key;
}

void feed(ServerHandshake& server, View input) {
    while (!input.empty() || server.must_decrypt()) {
        const std::size_t before = input.size();
        server.feed(input, now);
        if (server.must_decrypt()) {
            require(!server.block().empty(), "there is something to decrypt");
            server.decrypted(Bytes(64, 5));
        } else if (input.size() == before || server.done() || server.failed()) {
            return;
        }
    }
}

// A server that has been talked to by a true client for a while, and then by somebody else.
void against_server(std::uint8_t circumstances, std::size_t steps, View noise) {
    Counting random;
    const SharedKey key("the key of the fuzzer");
    const KeyRing ring({SharedKey("another"), key});
    const auto preauth = static_cast<Preauth>(circumstances % 3);
    ServerHandshake server(ring, {.preauth = preauth, .rsa = (circumstances & 4) != 0 ? &rsa() : nullptr}, random);
    ClientHandshake client(key, {.preauth = preauth != Preauth::off}, random);
    client.begin(now);
    if ((circumstances & 8) != 0) server.silence();
    Bytes to_server = client.take_output();
    for (std::size_t step = 0; step < steps; ++step) {
        feed(server, to_server);
        const Bytes to_client = server.take_output();
        View rest = to_client;
        client.feed(rest, now);
        to_server = client.take_output();
    }
    const bool knows_key = server.proven();
    feed(server, noise);
    require(server.proven() == knows_key, "noise does not prove a key");
    require(!server.done() || server.match(), "whoever is in has a key");
    require(server.take_output().size() < 8192, "little is answered");
}

void against_client(std::uint8_t circumstances, std::size_t steps, View noise) {
    Counting random;
    const SharedKey key("the key of the fuzzer");
    const KeyRing ring({key});
    ServerHandshake server(ring, {.rsa = (circumstances & 4) != 0 ? &rsa() : nullptr}, random);
    ClientHandshake client(key, {}, random);
    client.begin(now);
    for (std::size_t step = 0; step < steps; ++step) {
        feed(server, client.take_output());
        const Bytes to_client = server.take_output();
        View rest = to_client;
        client.feed(rest, now);
    }
    client.feed(noise, now);
    require(!(client.done() && client.failed()), "it ends once");
    require(!client.failed() || !client.reason().empty(), "a failure has a reason");
    require(client.take_output().size() < 8192, "little is answered");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const std::uint8_t circumstances = input.byte();
    const std::size_t steps = input.byte() % (most_steps + 1);
    const std::string noise(input.rest());
    if ((circumstances & 16) != 0) {
        against_client(circumstances, steps, view(noise));
    } else {
        against_server(circumstances, steps, view(noise));
    }
    return 0;
}
