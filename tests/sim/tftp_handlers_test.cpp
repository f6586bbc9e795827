// Requests that the program answers itself, and rules for names, on a whole server.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <semaphore>
#include <stdexcept>

#include "net/lane.h"

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;

class TftpHandlers : public ::testing::Test {
protected:
    void SetUp() override { server.base.put("/one", "x"); }
    void on_read(std::string pattern, TftpHandler handler) {
        server.handlers.push_back({std::move(pattern), false, std::move(handler)});
    }
    void on_write(std::string pattern, TftpHandler handler) {
        server.handlers.push_back({std::move(pattern), true, std::move(handler)});
    }
    TftpHarness server;
};

TEST_F(TftpHandlers, content_made_for_the_client) {
    on_read("hello*", [](const TftpRequest& request) { return TftpAnswer::content("hello " + request.peer); });
    EXPECT_EQ(server.rrq("hello.txt", {{"tsize", "0"}}), "OACK{tsize=18}");
    EXPECT_EQ(server.ack(0), "DATA(1,18)");
    EXPECT_EQ(server.payload, "hello 198.51.100.7");
    server.payload.clear();
    server.next();
    EXPECT_EQ(server.payload, "hello 198.51.100.7");
    EXPECT_EQ(server.ack(1), "");
}

TEST_F(TftpHandlers, content_of_many_blocks_and_as_text) {
    on_read("long", [](const TftpRequest&) { return TftpAnswer::content(std::string(300000, 'l')); });
    on_read("text", [](const TftpRequest&) { return TftpAnswer::content("a\nb"); });
    on_read("empty", [](const TftpRequest&) { return TftpAnswer::content(""); });
    EXPECT_EQ(server.download("long", {{"blksize", "1468"}, {"windowsize", "8"}}), std::string(300000, 'l'));
    EXPECT_EQ(server.download("text", {}, "netascii"), "a\r\nb");
    EXPECT_EQ(server.download("empty"), "");
}

TEST_F(TftpHandlers, see_the_request) {
    TftpRequest seen;
    on_read("*", [&](const TftpRequest& request) {
        seen = request;
        return TftpAnswer::pass();
    });
    EXPECT_EQ(server.rrq("\\one", {{"X-Id", "7"}}), "DATA(1,1)");
    EXPECT_EQ(seen.name, "\\one");
    EXPECT_EQ(seen.path.text(), "/one");
    EXPECT_EQ(seen.peer + " " + std::to_string(seen.peer_port) + " " + seen.local, "198.51.100.7 2070 192.0.2.1");
    ASSERT_EQ(seen.options.size(), 1U);
    EXPECT_EQ(seen.options[0].first, "X-Id");
    EXPECT_FALSE(seen.upload || seen.text);
}

TEST_F(TftpHandlers, other_answers) {
    on_read("drop", [](const TftpRequest&) { return TftpAnswer::drop(); });
    on_read("refuse", [](const TftpRequest&) { return TftpAnswer::refuse(7, "Who are\nyou"); });
    on_read("other", [](const TftpRequest&) { return TftpAnswer::file(Path::resolve("/one").value()); });
    on_read("throw", [](const TftpRequest&) -> TftpAnswer { throw std::runtime_error("secret"); });
    on_read("wrong", [](const TftpRequest&) { return TftpAnswer::take([](std::string) { return Result<void>(); }); });
    EXPECT_EQ(server.rrq("drop"), "");
    EXPECT_EQ(server.rrq("refuse"), "ERR(7,Who are?you)");
    EXPECT_EQ(server.rrq("other"), "DATA(1,1)");
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.rrq("throw"), "ERR(0,Internal error)");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.rrq("wrong"), "ERR(0,Internal error)");
}

TEST_F(TftpHandlers, uploads_for_the_program) {
    std::string taken;
    on_write("report/*", [&](const TftpRequest&) {
        return TftpAnswer::take([&](std::string content) -> Result<void> {
            if (content == "bad") return refuse(Code::denied, "No such report");
            taken = std::move(content);
            return {};
        });
    });
    EXPECT_EQ(server.upload("report/a", std::string(3000, 'r'), {{"windowsize", "4"}}), "ok");
    EXPECT_EQ(taken, std::string(3000, 'r'));
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.upload("report/b", "a\r\nb\r", {}, "netascii"), "ok");
    EXPECT_EQ(taken, "a\nb\r");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.upload("report/c", "bad"), "ERR(2,No such report)");
    server.client = server.client.with_port(3002);
    EXPECT_EQ(server.upload("report/d", ""), "ok");
    EXPECT_EQ(taken, "");
    server.client = server.client.with_port(3003);
    EXPECT_EQ(server.upload("elsewhere", "x"), "ERR(2,Uploads are not allowed)");
}

TEST_F(TftpHandlers, are_asked_of_what_is_missing) {
    std::string asked;
    server.handlers.push_back({"*.cfg", false,
                               [&](const TftpRequest& request) {
                                   asked += request.path.text();
                                   if (request.name == "pass.cfg") return TftpAnswer::pass();
                                   if (request.name == "no.cfg") return TftpAnswer::refuse(2, "No");
                                   return TftpAnswer::content("made");
                               },
                               true});
    server.base.put("/here.cfg", "there");
    EXPECT_EQ(server.download("here.cfg"), "there");
    EXPECT_EQ(asked, "");
    EXPECT_EQ(server.download("gone.cfg"), "made");
    EXPECT_EQ(server.rrq("pass.cfg"), "ERR(1,File not found)");
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.rrq("no.cfg"), "ERR(2,No)");
    EXPECT_EQ(asked, "/gone.cfg/pass.cfg/no.cfg");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.rrq("gone"), "ERR(1,File not found)");
}

TEST_F(TftpHandlers, name_a_file_for_what_is_missing) {
    server.handlers.push_back({"*", false,
                               [](const TftpRequest& request) {
                                   const bool none = request.name == "none";
                                   return TftpAnswer::file(Path::resolve(none ? "/two" : "/one").value());
                               },
                               true});
    EXPECT_EQ(server.download("missing"), "x");
    EXPECT_EQ(server.rrq("none"), "ERR(1,File not found)");
}

// The rules of the name that the client gave held for the file of a handler, whatever that was.
TEST_F(TftpHandlers, what_the_rules_say_of_the_file_that_is_named_holds) {
    server.settings.rules.resize(2);
    server.settings.rules[0].name = "secret/*";
    server.settings.rules[0].read = false;
    server.settings.rules[1].name = "lab/*";
    server.settings.rules[1].windowsize_max = 2;
    server.rule_roots = {nullptr, nullptr};
    for (const auto* folder : {"/secret", "/lab"}) {
        ASSERT_TRUE(server.base.files->make_directory(Path::resolve(folder).value(), 0755));
    }
    server.base.put("/secret/one", "s");
    server.base.put("/lab/one", "l");
    const auto named = [](const TftpRequest& request) {
        return TftpAnswer::file(Path::resolve(request.name.substr(request.name.find('-') + 1)).value());
    };
    on_read("early-*", named);
    server.handlers.push_back({"late-*", false, named, true});
    EXPECT_EQ(server.rrq("early-secret/one"), "ERR(2,Access violation)");
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.rrq("late-secret/one"), "ERR(2,Access violation)");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.rrq("early-lab/one", {{"windowsize", "8"}}), "OACK{windowsize=2}");
    server.client = server.client.with_port(3002);
    EXPECT_EQ(server.rrq("late-lab/one", {{"windowsize", "8"}}), "OACK{windowsize=2}");
}

TEST_F(TftpHandlers, what_the_rules_say_of_the_place_of_an_upload_holds) {
    server.settings.write.mode = tftp::WriteMode::create;
    server.settings.rules.resize(1);
    server.settings.rules[0].name = "closed-*";
    server.settings.rules[0].write = tftp::WriteMode::off;
    server.rule_roots = {nullptr};
    on_write("*", [](const TftpRequest& request) {
        return TftpAnswer::file(Path::resolve(request.name == "a" ? "closed-a" : request.name + ".up").value());
    });
    EXPECT_EQ(server.upload("b", "b"), "ok");
    EXPECT_EQ(server.base.content("/b.up"), "b");
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.upload("a", "a"), "ERR(2,Uploads are not allowed)");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.upload(".hidden", "a"), "ERR(2,Access violation)");
}

// One worker, whom the first request keeps until three seconds have passed.
TEST_F(TftpHandlers, on_workers_of_their_own_know_how_long_they_waited) {
    net::Lane lane("own", 1, server.base.metrics());
    std::binary_semaphore at_it(0);
    std::binary_semaphore go_on(0);
    std::array<std::chrono::milliseconds, 2> waited{};
    server.handlers.push_back({"*", false,
                               [&](const TftpRequest& request) {
                                   const bool first = request.name == "first";
                                   waited[first ? 0 : 1] = request.waited;
                                   if (first) at_it.release();
                                   if (first) go_on.acquire();
                                   return TftpAnswer::content(request.name);
                               },
                               false, &lane});
    EXPECT_EQ(server.rrq("first"), "");
    at_it.acquire();
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.rrq("second"), "");
    server.base.clock().advance(std::chrono::seconds(3));
    go_on.release();
    while (server.sent.size() < 2) server.run();
    server.stop();
    EXPECT_EQ(waited[0], std::chrono::milliseconds(0));
    EXPECT_EQ(waited[1], std::chrono::milliseconds(3000));
}

// Bytes for a function of the program are never written, and yet ACKs waited for that from 1 MiB on, for ever.
TEST_F(TftpHandlers, uploads_for_the_program_of_all_sizes_that_are_promised) {
    std::string taken;
    on_write("*", [&](const TftpRequest&) {
        return TftpAnswer::take([&](std::string content) -> Result<void> {
            taken = std::move(content);
            return {};
        });
    });
    server.network.mtu = 65536;
    const TftpHarness::Options large{{"blksize", "65464"}, {"windowsize", "4"}};
    std::string image(TftpAnswer::most_content, '\0');
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<char>(i * 2654435761U >> 24U);
    EXPECT_EQ(server.upload("whole", image, large), "ok");
    EXPECT_TRUE(taken == image);
    taken.clear();
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.upload("more", image + "!", large), "ERR(3,Disk full or allocation exceeded)");
    EXPECT_EQ(taken, "");
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
}

TEST_F(TftpHandlers, rules_for_names) {
    ASSERT_TRUE(server.base.files->make_directory(Path::resolve("/198.51.100.7").value(), 0755));
    server.base.put("/198.51.100.7/own", "mine");
    server.map = "a ^secret no\\ way\nrE ^ \\i/\nr ^two$ one\n";
    EXPECT_EQ(server.rrq("two"), "DATA(1,1)");
    EXPECT_EQ(server.download("own"), "mine");
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.rrq("secret"), "ERR(2,no way)");
}

}  // namespace
}  // namespace wherry
