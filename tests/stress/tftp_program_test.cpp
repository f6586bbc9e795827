// Uploads and conversations that a program has taken over, of many clients on several loops at once.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stress/tftp_client.h"
#include "wherry/server.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr int client_threads = 8;
constexpr int rounds = 24;  // of each
constexpr int stays = -1;

// Calls for one transfer do not overlap, and come from any worker: what it has needs no lock.
class OneAtATime {
public:
    explicit OneAtATime(std::atomic<int>& overlaps) : overlaps_(overlaps) {}
    class Call {
    public:
        explicit Call(OneAtATime& of) : of_(of) {
            if (of_.inside_.exchange(true)) ++of_.overlaps_;
        }
        ~Call() { of_.inside_ = false; }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

    private:
        OneAtATime& of_;
    };

private:
    std::atomic<bool> inside_{false};
    std::atomic<int>& overlaps_;
};

struct Counts {
    std::atomic<int> begun{0};
    std::atomic<int> committed{0};
    std::atomic<int> discarded{0};
    std::atomic<int> wrong{0};
    std::atomic<int> overlaps{0};
    std::atomic<int> talks{0};
    std::atomic<int> talked{0};  // to the end
    std::atomic<int> said{0};
};

struct Upload {
    explicit Upload(Counts& of) : counts(of), turns(of.overlaps) { ++counts.begun; }
    Counts& counts;
    OneAtATime turns;
    std::uint64_t came = 0;
};

TftpSink sink_of(Counts& counts) {
    const auto upload = std::make_shared<Upload>(counts);
    return {.write = [upload](std::uint64_t offset, std::span<const std::byte> bytes) -> Result<void> {
                const OneAtATime::Call call(upload->turns);
                if (offset != upload->came) ++upload->counts.wrong;
                upload->came += bytes.size();
                return {};
            },
            .commit = [upload]() -> Result<void> {
                const OneAtATime::Call call(upload->turns);
                if (upload->came != 512 * 3 + 7) ++upload->counts.wrong;
                ++upload->counts.committed;
                return {};
            },
            .discard =
                [upload] {
                    const OneAtATime::Call call(upload->turns);
                    ++upload->counts.discarded;
                }};
}

class Talk : public TftpExchange {
public:
    explicit Talk(Counts& counts) : counts_(counts), turns_(counts.overlaps) { ++counts_.talks; }
    Next on_start() override {
        const OneAtATime::Call call(turns_);
        return {.packets = {"hello"}, .wake = 1ms};
    }
    Next on_packet(std::string bytes) override {
        const OneAtATime::Call call(turns_);
        ++counts_.said;
        Next next{.packets = {"you said " + bytes}, .wake = 1ms};
        if (bytes == "done") next.ended = Code::ok;
        return next;
    }
    Next on_timer() override {
        const OneAtATime::Call call(turns_);
        return {};
    }
    void on_end(Code) override {
        const OneAtATime::Call call(turns_);
        ++counts_.talked;
    }

private:
    Counts& counts_;
    OneAtATime turns_;
};

std::string data(int number, std::size_t size) {
    return "\0\3\0"s + static_cast<char>(number) + std::string(size, 'd');
}

// True: the server has confirmed all of it. A client may leave after any block.
bool upload(std::uint16_t port, const std::string& from, int leaves_after) {
    LockStepClient client(port, "\0\2put\0octet\0"s, from);
    for (int block = 0; block <= 4; ++block) {
        if (client.receive() != "\0\4\0"s + static_cast<char>(block)) return false;
        if (block == leaves_after) {
            client.send("\0\5\0\0gone\0"s);
            return false;
        }
        if (block < 4) client.send(data(block + 1, block < 3 ? 512 : 7));
    }
    return true;
}

bool talk(std::uint16_t port, const std::string& from) {
    LockStepClient client(port, "\0\1talk\0octet\0"s, from);
    for (const std::string_view words : {"one", "two", "done"}) {
        if (client.receive().empty()) return false;
        client.send(std::string(words));
    }
    return client.receive() == "you said done";
}

class TftpProgram : public ::testing::Test {
protected:
    void SetUp() override {
        server.log_level(LogLevel::off);
        server.loops(3);
        server.disk_threads(4);
        server.tftp()
            .listen("127.0.0.1:0")
            .on_write("put", [this](const TftpRequest&) { return TftpAnswer::sink(sink_of(counts)); })
            .on_read("talk",
                     [this](const TftpRequest&) { return TftpAnswer::exchange(std::make_shared<Talk>(counts)); });
        ASSERT_TRUE(server.start());
        port = server.addresses().at(0).port;
    }
    Counts counts;  // outlives what the server still calls
    Server server;
    std::uint16_t port = 0;
};

TEST_F(TftpProgram, EachUploadAndConversationOfManyEndsOnce) {
    std::atomic<int> stored{0};
    std::atomic<int> talked{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < client_threads; ++i) {
        clients.emplace_back([&, i] {
            for (int round = 0; round < rounds; ++round) {
                const std::string from = "127.1." + std::to_string(i) + "." + std::to_string(round + 1);
                const bool leaves = (round + i) % 4 == 0;
                if (upload(port, from, leaves ? round % 4 : stays)) ++stored;
                if (talk(port, from)) ++talked;
            }
        });
    }
    for (std::thread& one : clients) one.join();
    server.stop();
    EXPECT_EQ(talked, client_threads * rounds);
    EXPECT_EQ(stored, client_threads * rounds * 3 / 4);
    EXPECT_EQ(counts.begun, client_threads * rounds);
    EXPECT_EQ(counts.committed, stored);
    EXPECT_EQ(counts.discarded, counts.begun - counts.committed);
    EXPECT_EQ(counts.talked, counts.talks);
    EXPECT_EQ(counts.said, 3 * counts.talks);
    EXPECT_EQ(counts.wrong, 0);
    EXPECT_EQ(counts.overlaps, 0);
}

TEST_F(TftpProgram, AServerThatStopsEndsThemAll) {
    std::vector<std::unique_ptr<LockStepClient>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<LockStepClient>(port, "\0\2put\0octet\0"s));
        clients.push_back(std::make_unique<LockStepClient>(port, "\0\1talk\0octet\0"s));
    }
    for (const auto& client : clients) ASSERT_FALSE(client->receive().empty());
    // Some have work under way when it stops.
    for (std::size_t i = 0; i < clients.size(); ++i) clients[i]->send(i % 2 == 0 ? data(1, 512) : "one"s);
    server.stop();
    EXPECT_EQ(counts.begun, 20);
    EXPECT_EQ(counts.discarded, 20);
    EXPECT_EQ(counts.committed, 0);
    EXPECT_EQ(counts.talks, 20);
    EXPECT_EQ(counts.talked, 20);
    EXPECT_EQ(counts.wrong, 0);
    EXPECT_EQ(counts.overlaps, 0);
}

}  // namespace
}  // namespace wherry
