// The whole server against what the original was heard to say: two conversations byte for byte, and its replies.
#include <gtest/gtest.h>

#include "support/frozen_fs.h"
#include "support/i2ftp_vectors.h"
#include "testing/i2ftp_harness.h"

namespace wherry::i2ftp {
namespace {

using testing::FrozenFs;
using testing::I2ftpHarness;

void put(I2ftpHarness& harness, const std::string& path, const Bytes& content) {
    for (auto parent = Path::resolve(path)->parent(); !parent.is_root() && !harness.base.exists(parent.text());) {
        ASSERT_TRUE(harness.base.files->make_directory(parent, 0777));
    }
    harness.base.put(path, text(content));
}

void replay(const std::string& name) {
    const Json recorded = vectors(name);
    I2ftpHarness harness;
    harness.base.files =
        std::make_shared<FrozenFs>(1600000000, 250000000, std::vector<std::string>{"a.txt", "d", "f40k.bin"});
    for (const auto& [path, content] : recorded["tree"]["files"].items()) {
        put(harness, path,
            content.contains("hex") ? unhex(content["hex"]) : pattern(content["length"], content["pattern"]));
    }
    for (const Json& directory : recorded["tree"]["dirs"]) {
        ASSERT_TRUE(harness.base.files->make_directory(Path::resolve(directory.get<std::string>()).value(), 0777));
    }
    ScriptedRandom random;
    random.will_give(unhex(recorded["challenge"]));
    for (const Json& id : recorded["session_ids"]) random.will_give(unhex(id));
    for (const Json& step : recorded["steps"]) {
        if (step["from"] == "server" && step["kind"] == "message") random.will_give(Bytes{step["id"].get<Byte>()});
    }
    if (recorded["secured"].get<bool>()) {
        harness.settings.secured = true;
        harness.rsa = RsaKey::from_pem(recorded["private_pem"].get<std::string>()).value();
        random.will_give(Bytes(64));  // what would take the place of a bad session key
    }
    harness.random = &random;
    harness.process = recorded["server_pid"].get<std::uint32_t>();
    harness.settings.process_control = ProcessControl::everybody;
    harness.settings.public_key = true;
    harness.key = SharedKey(string_of(unhex(recorded["key"])));
    const auto nanoseconds = static_cast<std::int64_t>(recorded["unix_time"].get<double>() * 1e9);
    harness.base.clock().set_wall(std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(nanoseconds))));

    const auto client = harness.dial();
    // What the client said, as it was recorded, and what must come back before it goes on.
    Bytes said;
    Bytes heard;
    Bytes expected;
    Bytes session_key = recorded["session_key"].is_null() ? Bytes() : unhex(recorded["session_key"]);
    ScriptedRandom ids;
    for (const Json& step : recorded["steps"]) {
        if (step["from"] == "client" && step["kind"] == "message") ids.will_give(Bytes{step["id"].get<Byte>()});
    }
    Channel of_client(view(harness.key.bytes()), largest_message, ids);
    bool coding = false;
    for (const Json& step : recorded["steps"]) {
        if (step["from"] == "server") {
            if (step["kind"] == "message" && text(body_of(step["body"])) == "CODER READY") coding = true;
            if (coding && text(body_of(step["body"])) == "I2FTP 1.0") harness.base.wait(std::chrono::milliseconds(200));
            continue;
        }
        if (coding && !of_client.coded()) of_client.start_coding(session_key);
        Bytes wire;
        if (step["kind"] == "message") {
            Bytes body = body_of(step["body"]);
            of_client.send(wire, body);
        } else {
            wire = unhex(step["bytes"]);
        }
        client->send(wire);
        append(said, View(wire));
        append(heard, View(client->receive()));
    }
    EXPECT_EQ(hex(sha256(said)), recorded["c2s_sha256"].get<std::string>());
    EXPECT_EQ(hex(sha256(heard)), recorded["s2c_sha256"].get<std::string>());
    EXPECT_TRUE(random.empty() || harness.settings.secured);
    for (const auto& [path, content] : recorded["after_upload"].items()) {
        EXPECT_EQ(harness.base.content(path), string_of(pattern(content["length"], content["pattern"])));
    }
}

TEST(I2ftpRecorded, ThePlainConversationByteForByte) { replay("session_plain"); }
TEST(I2ftpRecorded, TheSecuredConversationByteForByte) { replay("session_secured"); }

class Replies : public ::testing::Test {
protected:
    Replies() {
        harness.base.files = std::make_shared<FrozenFs>(1600000000, 250000000, std::vector<std::string>{});
        const Bytes hello(view("hello world").begin(), view("hello world").end());
        put(harness, "a.txt", hello);
        put(harness, "d/x.txt", Bytes{'x'});
        put(harness, ".hid", Bytes{'h'});
        put(harness, "empty", {});
        put(harness, "two.bin", pattern(2 * piece, 1));
        put(harness, "three.bin", pattern(2 * piece + 5, 2));
        harness.process = 4242;
        harness.settings.process_control = ProcessControl::everybody;
        client = harness.connect();
    }

    // With the ids that were given for {s1}, {s2} ...
    std::string filled(std::string digits) const {
        for (const auto& [name, id] : ids) {
            for (auto at = digits.find(name); at != std::string::npos; at = digits.find(name)) {
                digits.replace(at, name.size(), hex(view(id)));
            }
        }
        return string_of(unhex(digits));
    }
    void check(const Json& row) {
        const std::string command = filled(row["command"].get<std::string>());
        client->say(command);
        for (const Json& expected : row["replies"]) {
            const auto came = client->hear();
            ASSERT_TRUE(came) << row["name"];
            if (row.contains("stores")) {
                ASSERT_EQ(came->size(), 2 + id_size) << row["name"];
                ids["{" + row["stores"].get<std::string>() + "}"] = came->substr(2);
            }
            if (row["compare"] == "status") {
                EXPECT_EQ(came->substr(0, 2), filled(expected["hex"].get<std::string>().substr(0, 4))) << row["name"];
            } else if (row["compare"] == "pid") {
                EXPECT_EQ(*came, std::string("\1,\x92\x10\0\0", 6)) << row["name"];
            } else if (row["compare"] == "mtime is now") {
                EXPECT_TRUE(came->starts_with("\1,{\"cp.txt\": {\"is_dir\": false, \"size\": 11, ")) << *came;
            } else if (expected.contains("hex")) {
                EXPECT_EQ(*came, filled(expected["hex"].get<std::string>())) << row["name"];
            } else {
                EXPECT_EQ(came->size(), expected["length"].get<std::size_t>()) << row["name"];
                EXPECT_EQ(hex(sha256(view(*came))), expected["sha256"].get<std::string>()) << row["name"];
            }
        }
        EXPECT_FALSE(client->hear()) << "more than was recorded: " << row["name"];
    }

    I2ftpHarness harness;
    std::unique_ptr<testing::I2ftpClient> client;
    std::map<std::string, std::string> ids;
};

TEST_F(Replies, AreThoseOfTheOriginal) {
    const Json all = vectors("replies");
    ASSERT_TRUE(client);
    for (const Json& row : all["replies"]) check(row);
    EXPECT_EQ(all["replies"].size(), 117U);
}

// Each of these ends the original's service for everybody.
TEST_F(Replies, WhatEndsTheOriginalEndsNothing) {
    ASSERT_TRUE(client);
    for (const Json& row : vectors("replies")["crashers"]) {
        const std::string id = client->ask("GETF,a.txt").substr(2);
        std::string digits = row["command"].get<std::string>();
        if (const auto at = digits.find("{s}"); at != std::string::npos) digits.replace(at, 3, hex(view(id)));
        client->say(string_of(unhex(digits)));
        while (client->hear()) {
        }
        EXPECT_EQ(client->ask("LIST,a.txt"),
                  "\1,{\"a.txt\": {\"is_dir\": false, \"size\": 11, \"time\": 1600000000.25}}")
            << row["name"];
        client->ask("CLOZ," + id);
    }
}

}  // namespace
}  // namespace wherry::i2ftp
