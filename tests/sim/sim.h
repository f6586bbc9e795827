#pragma once
// What the whole-server tests share: a server with one user and some files over a filesystem that can fail, and the
// question whether anything of a client is left.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "testing/faulty_fs.h"
#include "testing/harness.h"

namespace wherry::testing {

class Sim : public ::testing::Test {
protected:
    Sim() { begin(); }

    // A new server: user alice (password x), /a of 1000 bytes, /dir with ten files.
    void begin() {
        client_ = nullptr;
        harness_ = nullptr;
        files_ = std::make_shared<FaultyFilesystem>(memory_filesystem());
        harness_ = std::make_unique<Harness>();
        harness_->files = files_;
        harness_->logins.failure_delay = {};
        harness_->add_user("alice", "x");
        harness_->put("/a", content);
        (void)files_->make_directory(Path::resolve("/dir").value(), 0777);
        for (int i = 0; i < 10; ++i) harness_->put("/dir/" + std::to_string(i), "x");
        files_->heal();
    }

    Harness& harness() { return *harness_; }
    FaultyFilesystem& files() { return *files_; }
    ftp::Settings& settings() { return harness_->settings; }

    // The client that most tests need; logged in, TYPE I.
    Client& alice() {
        if (!client_) client_ = logged_in();
        return *client_;
    }
    std::unique_ptr<Client> logged_in() {
        auto client = harness_->connect();
        EXPECT_TRUE(client->log_in("alice", "x")) << client->last();
        EXPECT_EQ(client->ask("TYPE I"), 200);
        return client;
    }
    void gone() { client_ = nullptr; }

    // Codes of all replies that have come.
    static std::vector<int> codes(Client& client) {
        std::vector<int> all;
        for (int code = client.code(); code != 0; code = client.code()) {
            all.push_back(code);
            EXPECT_EQ(client.last().find("a fault the test"), std::string::npos) << "the inside shows";
        }
        return all;
    }

    // RETR of /a that has begun and waits for its client to read.
    static void begin_download(Client& client) {
        ASSERT_EQ(client.ask("EPSV"), 229);
        ASSERT_TRUE(client.open_data());
        client.data->window = 10;
        ASSERT_EQ(client.ask("RETR a"), 125);
        ASSERT_EQ(client.code(), 0);
    }
    // STOR of /new that has begun and waits for more.
    static void begin_upload(Client& client) {
        ASSERT_EQ(client.ask("EPSV"), 229);
        ASSERT_TRUE(client.open_data());
        client.data->send("abc");
        ASSERT_EQ(client.ask("STOR new"), 125);
        ASSERT_EQ(client.code(), 0);
    }

    // After the clients have gone: no session, permit, transfer, passive port, file or listing is left.
    void expect_nothing_left() {
        harness().run();
        EXPECT_EQ(harness().sessions(), 0U);
        EXPECT_EQ(harness().metrics().value(Metric::sessions), 0);
        EXPECT_EQ(harness().metrics().value(Metric::transfers), 0);
        EXPECT_EQ(harness().permits().sessions(), 0U);
        EXPECT_EQ(harness().permits().counters(), 0U);
        EXPECT_EQ(harness().network().listeners(), 0U);
        EXPECT_EQ(files().open_files(), 0U);
        EXPECT_EQ(files().open_listings(), 0U);
    }

    // The next client is served as if nothing had happened.
    void expect_service() {
        auto next = logged_in();
        ASSERT_EQ(next->ask("EPSV"), 229);
        ASSERT_EQ(next->ask("RETR a"), 150);
        ASSERT_TRUE(next->open_data());
        EXPECT_TRUE(next->data_ended());
        EXPECT_EQ(next->received, content);
        EXPECT_EQ(next->code(), 226);
        EXPECT_EQ(next->ask("QUIT"), 221);
        EXPECT_TRUE(next->closed());
    }

    const std::string content = std::string(1000, 'a');

private:
    std::shared_ptr<FaultyFilesystem> files_;
    std::unique_ptr<Harness> harness_;
    std::unique_ptr<Client> client_;
};

}  // namespace wherry::testing
