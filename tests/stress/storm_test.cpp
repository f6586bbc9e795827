// Ten thousand transfers that are aborted, cut off, left and killed at every moment, by clients of several threads on
// real sockets. Whatever they do: each command has one final reply as long as its session lives, no file is published
// of which not everything came, and nothing of them is left.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/socket_client.h"
#include "support/temp_folder.h"
#include "wherry/server.h"

namespace wherry {
namespace {

namespace fs = std::filesystem;
using testing::ClientSocket;
using testing::SocketClient;

constexpr int storm_clients = 10;  // most of them wait: small windows, timers of TCP
constexpr int transfers_each = 500;
constexpr int small_window = 4096;

std::string content_of(const std::string& name, std::size_t size) {
    std::string period(251, '\0');
    const auto first = std::hash<std::string>()(name);
    for (std::size_t i = 0; i < period.size(); ++i) period[i] = static_cast<char>((first + i * 7) % period.size());
    std::string out;
    out.reserve(size + period.size());
    while (out.size() < size) out += period;
    out.resize(size);
    return out;
}

// "upload-<client>-<count>-<bytes>": an upload says in its name how long it wants to be.
std::size_t size_in(const std::string& name) { return std::stoul(name.substr(name.rfind('-') + 1)); }

std::string text_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return std::move(text).str();
}

std::size_t open_descriptors() {
    const fs::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(fs::begin(all), fs::end(all)));
}

enum class Deed : std::uint8_t {
    finish,
    abort_before_command,
    abort_before_connection,
    abort,
    half_close_data,
    reset_data,
    quit,
    reset_control,
    hang_up,
    kill,
    vanish_when_all_is_sent,
    most
};

class Stormer {
public:
    Stormer(Server& server, int number)
        : server_(server),
          port_(server.addresses().at(0).port),
          number_(number),
          random_(7000U + static_cast<unsigned>(number)) {}

    void run() {
        for (count_ = 0; count_ < transfers_each && !::testing::Test::HasFailure(); ++count_) one();
        if (client_) EXPECT_EQ(client_->final_code_of("QUIT"), 221);
        gone();
        waiting_ = {};
    }
    std::set<std::string> published;  // of which the server has said so

private:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
    bool heads() { return below(2) == 0; }

    void one();
    bool come_in();
    bool open_port();
    bool take_connection();
    void move(Deed deed);
    void download(Deed deed);
    void upload(Deed deed);
    void end(Deed deed, bool all_moved);
    void gone();

    Server& server_;
    const std::uint16_t port_;
    const int number_;
    std::mt19937 random_;
    int count_ = 0;
    std::unique_ptr<SocketClient> client_;
    ClientSocket waiting_;  // for the server, in active mode
    std::uint16_t data_port_ = 0;
    ClientSocket data_;
    std::string name_;
    bool upload_ = false;
};

bool Stormer::come_in() {
    if (client_) return true;
    client_ = std::make_unique<SocketClient>(port_);
    const bool in = client_->log_in("alice", "x") && client_->final_code_of("TYPE I") == 200;
    EXPECT_TRUE(in);
    return in;
}

bool Stormer::open_port() {
    waiting_ = {};
    if (heads()) {
        const std::string said = client_->ask("EPSV");
        if (!said.starts_with("229")) return false;
        data_port_ = static_cast<std::uint16_t>(std::stoul(said.substr(said.find("|||") + 3)));
        return true;
    }
    waiting_ = ClientSocket::listening(small_window);
    return client_->final_code_of("EPRT |1|127.0.0.1|" + std::to_string(waiting_.port()) + "|") == 200;
}

bool Stormer::take_connection() {
    data_ = waiting_.is_open() ? waiting_.accepted() : ClientSocket::connected(data_port_, small_window);
    return data_.is_open();
}

void Stormer::gone() {
    client_.reset();
    data_ = {};
}

void Stormer::one() {
    if (!come_in()) return;
    ASSERT_TRUE(open_port());
    const Deed deed = static_cast<Deed>(below(static_cast<std::size_t>(Deed::most)));
    if (deed == Deed::abort_before_command) {
        EXPECT_EQ(client_->final_code_of("ABOR") / 100, 2);
        return;
    }
    upload_ = heads();
    if (upload_) {
        static constexpr std::size_t sizes[] = {1, 4096, 100'000, 1'500'000};
        name_ = "upload-" + std::to_string(number_) + "-" + std::to_string(count_) + "-" +
                std::to_string(sizes[below(20) == 0 ? 3 : below(3)]);
    } else {
        name_ = deed == Deed::finish || deed == Deed::quit || deed == Deed::half_close_data ? "small" : "large";
    }
    const bool early = !waiting_.is_open() && heads();
    if (early) ASSERT_TRUE(take_connection());
    client_->say((upload_ ? "STOR " : "RETR ") + name_);
    if (deed == Deed::abort_before_connection && !early) {
        EXPECT_EQ(client_->final_code_of("ABOR") / 100, 4);
        EXPECT_EQ(client_->final_code() / 100, 2);
        return;
    }
    if (!early) ASSERT_TRUE(take_connection());
    move(deed);
    data_ = {};
    if (client_ && below(4) == 0) EXPECT_EQ(client_->final_code_of("NOOP"), 200);
}

void Stormer::move(Deed deed) {
    if (upload_) {
        upload(deed);
    } else {
        download(deed);
    }
}

void Stormer::upload(Deed deed) {
    const std::string content = content_of(name_, size_in(name_));
    const bool all = deed == Deed::finish || deed == Deed::quit || deed == Deed::half_close_data ||
                     deed == Deed::vanish_when_all_is_sent;
    // What is not finished is at least one byte short.
    EXPECT_TRUE(data_.send(content.substr(0, all ? content.size() : below(content.size()))));
    if (all && deed != Deed::quit) data_.end_sending();
    end(deed, all);
}

void Stormer::download(Deed deed) {
    const bool all = deed == Deed::finish || deed == Deed::half_close_data;
    if (deed == Deed::half_close_data) data_.end_sending();
    std::string content;
    char room[16 * 1024];
    const std::size_t enough = all ? std::string::npos : below(3) * 10'000;
    while (content.size() < enough) {
        const std::size_t got = data_.receive(room);
        if (got == 0) break;
        content.append(room, got);
    }
    if (all) EXPECT_EQ(content, content_of("small", 20'000));
    end(deed, all);
}

void Stormer::end(Deed deed, bool all_moved) {
    switch (deed) {
        case Deed::finish:
        case Deed::half_close_data:
            EXPECT_EQ(client_->final_code(), 226);
            if (upload_) published.insert(name_);
            return;
        case Deed::abort_before_connection:
        case Deed::abort:
            EXPECT_TRUE(client_->say("ABOR"));
            EXPECT_EQ(client_->final_code(), 426);
            EXPECT_EQ(client_->final_code(), 226);
            return;
        case Deed::reset_data:
            data_.reset();
            EXPECT_EQ(client_->final_code() / 10, 42);  // 425 if it had not been taken yet
            return;
        case Deed::quit: {  // what runs is let to its end
            std::set<int> codes{client_->final_code_of("QUIT")};
            data_.end_sending();
            char room[16 * 1024];
            while (!upload_ && data_.receive(room) != 0) continue;
            codes.insert(client_->final_code());
            EXPECT_EQ(codes, (std::set<int>{221, 226}));
            EXPECT_EQ(client_->final_code(), 0);
            if (upload_) published.insert(name_);
            return gone();
        }
        case Deed::reset_control: client_->control.reset(); break;
        case Deed::hang_up:
            client_->control.end_sending();
            while (client_->final_code() != 0) continue;
            break;
        case Deed::kill:
            for (const SessionInfo& session : server_.sessions()) {
                if (session.peer_port == client_->control.port()) server_.kill(session.id);
            }
            while (client_->final_code() != 0) continue;
            break;
        case Deed::vanish_when_all_is_sent:
            if (heads()) client_->control.reset();
            break;
        default: FAIL();
    }
    if (!all_moved) data_.reset();
    gone();
}

class Storm : public ::testing::Test {
protected:
    Storm() {
        std::ofstream(folder_.path("small")) << content_of("small", 20'000);
        std::ofstream(folder_.path("large")).close();
        fs::resize_file(folder_.path("large"), 16 << 20);  // more than the sockets in between hold
    }
    void begin() {
        ASSERT_TRUE(server_.users().add("alice", Password("x"), folder_.path(), perm::all));
        server_.ftp().listen("127.0.0.1:0");
        server_.log_level(LogLevel::off);
        server_.loops(2);
        // What a process opens once and for all is there after the first life.
        ASSERT_TRUE(server_.start());
        server_.stop();
        before_ = open_descriptors();
        ASSERT_TRUE(server_.start());
        quiet_ = open_descriptors();
    }
    // Until all sessions have ended and closed what they had, which comes last.
    void settle() const {
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!server_.sessions().empty() || open_descriptors() > quiet_) {
            if (std::chrono::steady_clock::now() > patience) return;
            std::this_thread::yield();
        }
    }
    void rage() {
        std::vector<std::unique_ptr<Stormer>> clients;
        std::vector<std::thread> threads;
        for (int i = 0; i < storm_clients; ++i) {
            clients.push_back(std::make_unique<Stormer>(server_, i));
            threads.emplace_back([&client = *clients.back()] { client.run(); });
        }
        for (std::thread& thread : threads) thread.join();
        settle();
        for (const auto& client : clients) published_.insert(client->published.begin(), client->published.end());
    }
    void expect_whole_files_only() const {
        std::size_t found = 0;
        for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path())) {
            const std::string name = entry.path().filename();
            if (name == "small" || name == "large") continue;
            ASSERT_TRUE(name.starts_with("upload-")) << name;
            EXPECT_EQ(text_of(entry.path()), content_of(name, size_in(name))) << name;
            found += published_.contains(name) ? 1 : 0;
        }
        EXPECT_EQ(found, published_.size());
        EXPECT_GT(found, 500U);
    }
    void expect_nothing_left() {
        const std::string metrics = server_.metrics();
        for (const char* gauge : {"wherry_sessions 0\n", "wherry_transfers 0\n"}) {
            EXPECT_NE(metrics.find(gauge), std::string::npos) << gauge;
        }
        EXPECT_TRUE(server_.sessions().empty());
        EXPECT_EQ(open_descriptors(), quiet_);
        server_.stop();
        EXPECT_EQ(open_descriptors(), before_);
    }

    testing::TempFolder folder_;
    Server server_;
    std::size_t before_ = 0;
    std::size_t quiet_ = 0;
    std::set<std::string> published_;
};

TEST_F(Storm, LeavesNothingOfAtomicUploads) {
    server_.uploads().atomic(true);
    begin();
    rage();
    expect_whole_files_only();
    expect_nothing_left();
}

TEST_F(Storm, LeavesNothingOfUploadsInPlace) {
    server_.uploads().drop_broken(true);
    begin();
    rage();
    expect_whole_files_only();
    expect_nothing_left();
}

}  // namespace
}  // namespace wherry
