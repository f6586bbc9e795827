// Whatever somebody sends, of whatever length and at whatever moment of his connection, ends at most that connection:
// the server lives, and the download and the upload of somebody else go on beside it and come out right. Run under ASan
// and UBSan like all tests; the seeds are fixed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "i2ftp/frame.h"
#include "support/i2ftp_server.h"
#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

using namespace std::chrono_literals;
using testing::down;
using testing::I2ftpClient;
using testing::I2ftpHarness;
using testing::upld;

enum class Moment { fresh, handshake, idle, download, upload, closed };

constexpr int rounds = 120;
constexpr std::size_t part = 4000;  // of the download and the upload that go on, in each round
const SharedKey noisy_key("the key of one who sends anything");

// Somebody whose files must come through.
class Bystander {
public:
    explicit Bystander(I2ftpHarness& harness) : harness_(harness), content_(string_of(pattern(rounds * part, 9))) {
        harness_.base.put("/there", content_);
        client_ = harness_.connect();
        get_ = client_->ask("GETF,there").substr(2);
        put_ = client_->ask("PULF,stored").substr(2);
    }
    void goes_on(const std::string& when) {
        const std::string bytes = content_.substr(at_, part);
        EXPECT_EQ(client_->ask(down(get_, at_, at_ + part)), done(testing::u64(at_) + "," + bytes)) << when;
        EXPECT_EQ(client_->ask(upld(put_, at_, bytes)), done(testing::u64(at_ + part))) << when;
        at_ += part;
    }
    void has_all() {
        EXPECT_EQ(client_->ask("CLOZ," + get_), done(hex(md5(content_))));
        EXPECT_EQ(client_->ask("CLOZ," + put_), done(""));
        EXPECT_EQ(harness_.base.content("/stored"), content_);
        EXPECT_TRUE(harness_.connect());
    }

private:
    I2ftpHarness& harness_;
    const std::string content_;
    std::unique_ptr<I2ftpClient> client_;
    std::string get_;
    std::string put_;
    std::size_t at_ = 0;
};

// Makes things up: from plain noise to requests that are nearly right.
class Noise {
public:
    explicit Noise(unsigned seed) : random_(seed) {}

    Bytes any(std::size_t most) {
        Bytes bytes(random_.below(most) + 1);
        random_.fill(bytes);
        return bytes;
    }
    std::size_t below(std::size_t most) { return random_.below(most); }

    // Something for the wire. `channel`: of one who has shaken hands; null: frames are made by hand.
    Bytes wire(std::optional<Channel>& channel, const std::vector<std::string>& ids) {
        Bytes out;
        switch (below(6)) {
            case 0: return any(below(8) == 0 ? 150'000 : 300);
            case 1: append_frames(out, any(below(4) == 0 ? 100'000 : 60), view(noisy_key.bytes()), byte()); break;
            case 2: append_lie(out); break;
            case 3: append(out, heartbeat.substr(0, 1 + below(heartbeat.size()))); break;
            default: channel ? channel->send(out, request(ids)) : append(out, request(ids)); break;
        }
        if (!out.empty() && below(3) == 0) out[below(out.size())] ^= static_cast<Byte>(1U << below(8));
        return out;
    }

private:
    Byte byte() { return static_cast<Byte>(below(256)); }

    // A header with the right sum that says anything about what follows.
    void append_lie(Bytes& out) {
        static constexpr std::array<std::size_t, 8> sizes{0, 1, 2, 32758, 65535, 524'139, 2 * 1024 * 1024, 0xffffff};
        const std::size_t left = sizes[below(sizes.size())];
        const std::size_t size = sizes[below(5)];
        Bytes head;
        for (const std::size_t one : {std::size_t{'A'}, left >> 16U, left >> 8U, left, size >> 8U, size}) {
            head.push_back(static_cast<Byte>(one));
        }
        head.push_back(header_sum(head, view(noisy_key.bytes())));
        for (int i = 0; i < 3; ++i) head.push_back(byte());
        append(out, View(head));
        append(out, View(any(below(2) == 0 ? size + 1 : 100)));
    }
    std::string path() {
        static constexpr std::array<std::string_view, 9> paths{".", "a", "d/e", "", "..", "a,b", "\\x", "big", "C:/"};
        if (below(8) == 0) return std::string(5000, 'a');
        return below(4) == 0 ? string_of(any(40)) : std::string(paths[below(paths.size())]);
    }
    std::uint64_t offset() {
        static constexpr std::array<std::uint64_t, 9> edges{
            0, 1, 100, piece, 3 * piece, 1ULL << 40U, (1ULL << 63U) - 1, 1ULL << 63U, ~0ULL};
        return edges[below(edges.size())];
    }
    std::string id(const std::vector<std::string>& ids) {
        return ids.empty() || below(4) == 0 ? string_of(any(20)) : ids[below(ids.size())];
    }
    std::string request(const std::vector<std::string>& ids) {
        switch (below(9)) {
            case 0: return "LIST," + path();
            case 1: return "GETF," + path();
            case 2: return "PULF," + path() + (below(2) == 0 ? "," + hex(any(15)) : "");
            case 3: return down(id(ids), offset(), offset());
            case 4: return upld(id(ids), offset(), string_of(any(below(8) == 0 ? 70'000 : 50)));
            case 5: return "CLOZ," + id(ids);
            case 6: return "FIOP," + std::string(1, static_cast<char>(byte() % 6)) + "," + path() + "," + path();
            case 7: return "PCTL," + string_of(any(8));
            default: return string_of(any(60));
        }
    }
    SeededRandom random_;
};

class I2ftpNoise : public ::testing::TestWithParam<std::tuple<bool, Moment>> {
protected:
    void SetUp() override {
        if (std::get<0>(GetParam())) {
            harness.settings.secured = true;
            harness.rsa = RsaKey::from_pem(vectors("rsa")["private_pem"].get<std::string>()).value();
        }
        User alice;
        alice.name = "alice";
        alice.permissions = perm::all;
        harness.add_user(harness.key, alice);
        User noisy = alice;  // with a tree of his own, which he may turn upside down
        noisy.name = "noisy";
        noisy.filesystem = memory_filesystem();
        const auto file = noisy.filesystem->open(Path::resolve("/big").value(), OpenMode::for_writing());
        const Bytes content = pattern(4 * piece, 3);
        ASSERT_TRUE(file && (*file)->write_at(0, std::as_bytes(std::span(content))) && (*file)->close());
        harness.add_user(noisy_key, noisy);
    }

    // A connection from some address, at that moment; null: it was not let in.
    std::unique_ptr<I2ftpClient> at(Moment moment, int round, Noise& noise) {
        const std::string from = "10.1." + std::to_string(round) + "." + std::to_string(1 + noise.below(250));
        auto client = harness.dial(net::Address::parse_ip(from, 40000).value());
        if (moment == Moment::fresh) return client;
        if (moment == Moment::handshake) return half_way(std::move(client), noise);
        if (!client->shake_hands(noisy_key)) return nullptr;
        if (moment == Moment::download || moment == Moment::closed) {
            ids_.push_back(answer(*client, "GETF,big"));
            if (moment == Moment::closed) client->ask("CLOZ," + ids_.back());
        }
        if (moment == Moment::download) {
            client->connection().window = 1000 + noise.below(piece);
            client->say(down(ids_.back(), 0, 0));
        }
        if (moment == Moment::upload) {
            ids_.push_back(answer(*client, "PULF,a" + std::to_string(round)));
            client->ask(upld(ids_.back(), 0, string_of(noise.any(3000))));
            Bytes next;
            client->channel()->send(next, upld(ids_.back(), 3000, string_of(noise.any(70'000))));
            client->send(View(next).first(noise.below(next.size())));  // in the middle of a message
        }
        return client;
    }

    // Mostly an id; he may have removed the file, and is told so then.
    static std::string answer(I2ftpClient& client, const std::string& request) {
        const std::string reply = client.ask(request);
        return reply.substr(std::min<std::size_t>(2, reply.size()));
    }

    // Some true steps, of which the last may be cut short.
    std::unique_ptr<I2ftpClient> half_way(std::unique_ptr<I2ftpClient> client, Noise& noise) {
        ClientHandshake handshake(noisy_key, {}, system_random());
        handshake.begin(harness.unix_time());
        for (std::size_t steps = noise.below(5); steps > 0 && !handshake.done() && !handshake.failed(); --steps) {
            client->send(handshake.take_output());
            const Bytes came = client->receive();
            View rest = came;
            handshake.feed(rest, harness.unix_time());
        }
        const Bytes next = handshake.take_output();
        client->send(View(next).first(noise.below(next.size() + 1)));
        return client;
    }

    I2ftpHarness harness;
    std::vector<std::string> ids_;  // that the noisy one was given
};

TEST_P(I2ftpNoise, EndsAtMostTheConnectionItComesOn) {
    const auto [secured, moment] = GetParam();
    Noise noise(100 + static_cast<unsigned>(moment) * 2 + (secured ? 1 : 0));
    Bystander bystander(harness);
    int let_in = 0;
    for (int round = 0; round < rounds; ++round) {
        if (const auto client = at(moment, round, noise)) {
            ++let_in;
            for (std::size_t i = 1 + noise.below(6); i > 0; --i) client->send(noise.wire(client->channel(), ids_));
            bystander.goes_on("after noise, round " + std::to_string(round));
            switch (noise.below(3)) {
                case 0: client->reset(); break;
                case 1: client->hang_up(); break;
                default: client->receive();
            }
        }
        harness.base.wait(2s);
        if (ids_.size() > 8) ids_.erase(ids_.begin());
    }
    EXPECT_EQ(let_in, rounds);
    // The bystander's two requests a round, and enough of the noise was taken for requests where it could be.
    const bool understood = moment != Moment::fresh && moment != Moment::handshake;
    EXPECT_GE(harness.base.metrics().value(Metric::commands_total), 2 * rounds + (understood ? rounds / 3 : 0));
    bystander.has_all();
    harness.server().stop();
    harness.base.wait(5s);
    EXPECT_EQ(harness.base.metrics().value(Metric::sessions), 0);
    EXPECT_EQ(harness.base.metrics().value(Metric::transfers), 0);
    EXPECT_EQ(harness.base.commons().outstanding.count(), 0U);
}

INSTANTIATE_TEST_SUITE_P(AtEveryMoment, I2ftpNoise,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(Moment::fresh, Moment::handshake, Moment::idle,
                                                              Moment::download, Moment::upload, Moment::closed)));

}  // namespace
}  // namespace wherry::i2ftp
