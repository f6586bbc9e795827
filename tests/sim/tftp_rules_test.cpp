// What holds for some clients only: rules, folders of their own, options and opcodes of the program; and what may
// change while the server runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>

#include "testing/tftp_harness.h"
#include "tftp/permits.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using namespace std::string_literals;
using tftp::Rule;

class TftpRules : public ::testing::Test {
protected:
    void SetUp() override {
        server.base.put("/one", "x");
        server.base.put("/big", std::string(100000, 'b'));
        server.network.interfaces = {{1, "eth0"}, {2, "eth1"}};
        server.network.neighbours["198.51.100.7"] = {{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c}};
    }
    Rule& rule() { return server.settings.rules.emplace_back(); }
    void folder(std::string_view path, std::string_view content) {
        const std::string whole(path);
        ASSERT_TRUE(server.base.files->make_directory(Path::resolve(whole.substr(0, whole.rfind('/'))).value(), 0755));
        server.base.put(whole, content);
    }
    // From a port of its own.
    std::string ask(std::string_view name, const TftpHarness::Options& options = {}) {
        server.client = server.client.with_port(++port);
        return server.rrq(name, options);
    }
    TftpHarness server;
    std::uint16_t port = 3000;
};

TEST_F(TftpRules, T049_a_window_for_some_network_cards) {
    rule().mac = {net::MacPrefix::parse("00:1b:21").value()};
    server.settings.rules[0].windowsize_max = 16;
    EXPECT_EQ(ask("big", {{"windowsize", "64"}}), "OACK{windowsize=16}");
    server.network.neighbours["198.51.100.7"].bytes[2] = 0x22;
    EXPECT_EQ(ask("big", {{"windowsize", "64"}}), "OACK{windowsize=64}");
    server.network.neighbours.clear();
    EXPECT_EQ(ask("big", {{"windowsize", "64"}}), "OACK{windowsize=64}");
}

TEST_F(TftpRules, the_first_that_says_something_counts) {
    rule().client = {net::Subnet::parse("198.51.100.0/24").value()};
    server.settings.rules[0].windowsize_max = 4;
    rule().windowsize_max = 8;
    server.settings.rules[1].blksize_max = 1000;
    const TftpHarness::Options asked{{"windowsize", "64"}, {"blksize", "1400"}};
    EXPECT_EQ(ask("big", asked), "OACK{windowsize=4,blksize=1000}");
    server.client = net::Address::parse_ip("198.51.101.7", 2000).value();
    EXPECT_EQ(ask("big", asked), "OACK{windowsize=8,blksize=1000}");
}

TEST_F(TftpRules, all_conditions_must_hold) {
    rule().name = "secret/*";
    server.settings.rules[0].interface = "eth1";
    server.settings.rules[0].op = Rule::Direction::read;
    server.settings.rules[0].read = false;
    folder("/secret/key", "k");
    EXPECT_EQ(ask("secret/key"), "DATA(1,1)");
    server.interface = 2;
    EXPECT_EQ(ask("secret/key"), "ERR(2,Access violation)");
    EXPECT_EQ(ask("one"), "DATA(1,1)");
}

TEST_F(TftpRules, names_by_a_regular_expression) {
    rule().name_regex = tftp::NameRegex::parse("^(big|small)$").value();
    server.settings.rules[0].blksize_max = 600;
    EXPECT_EQ(ask("big", {{"blksize", "1400"}}), "OACK{blksize=600}");
    EXPECT_EQ(ask("/big", {{"blksize", "1400"}}), "OACK{blksize=600}");
    EXPECT_EQ(ask("one", {{"blksize", "1400"}}), "OACK{blksize=1400}");
}

TEST_F(TftpRules, a_rate_for_some_downloads) {
    server.base.put("/slow", std::string(51200, 's'));
    rule().name = "slow";
    server.settings.rules[0].rate = 51200;
    const auto time_of = [&](std::string_view name) {
        const auto begun = server.base.clock().now();
        EXPECT_EQ(ask(name), "DATA(1,512)");
        for (unsigned block = 1; block <= 101; ++block) {
            if (server.ack(block).empty() && block <= 100) server.next(10s);
        }
        return server.base.clock().now() - begun;
    };
    EXPECT_GT(time_of("slow"), 500ms);
    EXPECT_LT(time_of("slow"), 2s);
    EXPECT_EQ(time_of("big"), 0ms);
}

TEST_F(TftpRules, a_rate_for_all_downloads_and_none_for_some) {
    server.settings.rate_per_transfer = 1;
    rule().client = {net::Subnet::parse("198.51.100.0/24").value()};
    server.settings.rules[0].rate = 0;
    EXPECT_EQ(server.download("big"), std::string(100000, 'b'));
    server.client = net::Address::parse_ip("198.51.101.7", 2000).value();
    EXPECT_EQ(ask("big"), "DATA(1,512)");
    EXPECT_EQ(server.ack(1), "");
}

TEST_F(TftpRules, a_root_and_uploads_for_one_interface) {
    server.rule_roots = {memory_filesystem()};
    rule().interface = "eth1";
    server.settings.rules[0].write = tftp::WriteMode::create;
    EXPECT_EQ(server.upload("up", "content"), "ERR(2,Uploads are not allowed)");
    server.interface = 2;
    server.client = server.client.with_port(++port);
    EXPECT_EQ(server.upload("up", "content"), "ok");
    EXPECT_FALSE(server.base.exists("/up"));
    server.client = server.client.with_port(++port);
    EXPECT_EQ(server.download("up"), "content");
    EXPECT_EQ(ask("one"), "ERR(1,File not found)");
}

// A name that was uploaded to one root was taken in all others, too.
TEST_F(TftpRules, uploads_of_one_name_to_several_roots) {
    const auto shared = memory_filesystem();
    server.rule_roots = {memory_filesystem(), shared, shared};
    for (const char* name : {"eth1", "eth2", "eth3"}) rule().interface = name;
    for (Rule& each : server.settings.rules) each.write = tftp::WriteMode::create;
    server.network.interfaces = {{1, "eth1"}, {2, "eth2"}, {3, "eth3"}};
    const auto upload_by = [&](std::uint32_t interface) {
        server.interface = interface;
        server.client = server.client.with_port(++port);
        return server.wrq("up");
    };
    EXPECT_EQ(upload_by(1), "ACK(0)");
    EXPECT_EQ(upload_by(2), "ACK(0)");
    EXPECT_EQ(upload_by(3), "ERR(6,File already exists)");
}

// Rule E asked less than the request that followed it, so that a name was taken which was then refused.
TEST_F(TftpRules, a_map_takes_no_name_that_will_be_refused) {
    folder("/own/secret", "hidden");
    server.base.put("/secret", "everybody's");
    ASSERT_TRUE(server.base.files->set_mode(Path::resolve("/own/secret").value(), 0600));
    server.settings.world_readable = tftp::WorldReadable::on;
    server.settings.write.mode = tftp::WriteMode::overwrite;
    server.settings.write.deny_names = {"own/no*"};
    server.settings.write.max_size = 100;
    server.map = "rE ^ own/\nrE ^ missing/\n";
    EXPECT_EQ(ask("secret"), "DATA(1,11)");
    const auto upload = [&](std::string_view name) {
        server.client = server.client.with_port(++port);
        return server.upload(name, "new");
    };
    EXPECT_EQ(upload("yes"), "ok");
    EXPECT_TRUE(server.base.exists("/own/yes"));
    EXPECT_EQ(upload("no"), "ok");
    EXPECT_TRUE(server.base.exists("/no"));
    EXPECT_EQ(upload("deep/er"), "ERR(1,File not found)");
}

TEST_F(TftpRules, a_map_takes_names_for_uploads_as_the_mode_allows) {
    folder("/own/there", "old");
    server.base.put("/own/open", "old");
    server.base.put("/there", "old");
    ASSERT_TRUE(server.base.files->set_mode(Path::resolve("/own/there").value(), 0664));
    for (const char* name : {"/own/open", "/there"}) {
        ASSERT_TRUE(server.base.files->set_mode(Path::resolve(name).value(), 0666));
    }
    server.settings.world_readable = tftp::WorldReadable::on;
    server.settings.write.mode = tftp::WriteMode::existing;
    server.map = "rE ^ own/\n";
    EXPECT_EQ(server.upload("there", "new"), "ok");
    EXPECT_EQ(server.base.content("/own/there"), "old");
    EXPECT_EQ(server.base.content("/there"), "new");
    server.client = server.client.with_port(++port);
    EXPECT_EQ(server.upload("open", "new"), "ok");
    EXPECT_EQ(server.base.content("/own/open"), "new");
}

TEST(TftpTree, the_same_file_of_several_folders) {
    const auto made = [](std::string folder) {
        User user;
        user.filesystem = memory_filesystem();
        return tftp::Tree{std::make_shared<const User>(std::move(user)), std::move(folder)};
    };
    const Path path = Path::resolve("/a/up").value();
    EXPECT_EQ(made("/srv/tftp").id_of(path), made("/srv/tftp/").id_of(path));
    EXPECT_EQ(made("/srv").id_of(path), made("/srv/a").id_of(Path::resolve("/up").value()));
    EXPECT_EQ(made("/").id_of(path), "/a/up");
    EXPECT_NE(made("").id_of(path), made("/").id_of(path));
    const tftp::Tree one = made("");
    const tftp::Tree other = made("");
    EXPECT_NE(one.id_of(path), other.id_of(path));
}

TEST_F(TftpRules, files_that_everybody_may_read) {
    for (const auto& [name, mode] : {std::pair("/all", 0644U), std::pair("/some", 0640U)}) {
        server.base.put(name, "content");
        ASSERT_TRUE(server.base.files->set_mode(Path::resolve(name).value(), mode));
    }
    server.settings.world_readable = tftp::WorldReadable::on;
    EXPECT_EQ(ask("all"), "DATA(1,7)");
    EXPECT_EQ(ask("some"), "ERR(2,Access violation)");
    EXPECT_TRUE(server.logged("others may not read it"));
}

TEST_F(TftpRules, files_of_the_account_that_the_server_runs_as) {
    for (const auto& [name, owner] : {std::pair("/own", 0U), std::pair("/foreign", 1U)}) {
        server.base.put(name, "content");
        const Path path = Path::resolve(name).value();
        ASSERT_TRUE(server.base.files->set_owner(path, geteuid() + owner, std::nullopt));
        ASSERT_TRUE(server.base.files->set_mode(path, 0600));
    }
    server.settings.world_readable = tftp::WorldReadable::owner;
    EXPECT_EQ(ask("own"), "DATA(1,7)");
    EXPECT_EQ(ask("foreign"), "ERR(2,Access violation)");
    EXPECT_TRUE(server.logged("it belongs to somebody else"));
}

TEST(TftpPermits, may_serve_as_the_process_may_read) {
    tftp::Settings settings;
    const std::uint32_t self = geteuid();
    EXPECT_TRUE(tftp::may_serve(settings, 0644, self + 1));
    EXPECT_EQ(tftp::may_serve(settings, 0640, self).has_value(), self != 0) << "root may read what others may not";
    settings.world_readable = tftp::WorldReadable::off;
    EXPECT_TRUE(tftp::may_serve(settings, 0600, self + 1));
}

TEST_F(TftpRules, T099_requests_by_another_interface) {
    server.settings.interfaces = {"eth1", "lan*"};
    EXPECT_EQ(ask("one"), "");
    EXPECT_EQ(server.metric(Metric::tftp_dropped_total), 1);
    server.interface = 2;
    EXPECT_EQ(ask("one"), "DATA(1,1)");
}

TEST_F(TftpRules, T126_folders_named_after_addresses) {
    server.settings.client_root = tftp::ClientRoot::ip;
    folder("/198.51.100.7/menu", "mine");
    server.base.put("/menu", "everybody's");
    EXPECT_EQ(ask("menu"), "DATA(1,4)");
    server.client = net::Address::parse_ip("198.51.100.8", 2000).value();
    EXPECT_EQ(ask("menu"), "DATA(1,11)");
}

TEST_F(TftpRules, T126_folders_named_after_hardware_addresses) {
    server.settings.client_root = tftp::ClientRoot::mac;
    folder("/00-1b-21-0a-0b-0c/menu", "mine");
    server.base.put("/menu", "everybody's");
    EXPECT_EQ(ask("menu"), "DATA(1,4)");
    EXPECT_EQ(ask("one"), "ERR(1,File not found)");
    server.network.neighbours.clear();
    EXPECT_EQ(ask("menu"), "DATA(1,11)");
}

TEST_F(TftpRules, T126_no_folder_no_file) {
    server.settings.client_root = tftp::ClientRoot::ip;
    server.settings.client_root_only = true;
    server.settings.write.mode = tftp::WriteMode::create;
    EXPECT_EQ(ask("one"), "ERR(2,Access violation)");
    server.client = server.client.with_port(++port);
    EXPECT_EQ(server.upload("up", "u"), "ERR(2,Access violation)");
    folder("/198.51.100.7/one", "own");
    EXPECT_EQ(ask("one"), "DATA(1,3)");
    server.client = server.client.with_port(++port);
    EXPECT_EQ(server.upload("up", "u"), "ok");
    EXPECT_EQ(server.base.content("/198.51.100.7/up"), "u");
}

// Names that the server's rules forbid are forbidden to everybody, and not only to who has logged in.
TEST_F(TftpRules, names_that_the_server_forbids) {
    server.base.names.deny = {"*.key"};
    server.base.put("/host.key", "secret");
    EXPECT_EQ(ask("host.key"), "ERR(1,File not found)");
    EXPECT_EQ(ask("one"), "DATA(1,1)");
}

TEST_F(TftpRules, other_names_for_what_is_not_there) {
    folder("/pxelinux.cfg/default", "menu");
    server.patterns = "^/?pxelinux\\.cfg/01-.* pxelinux.cfg/default\n^(o)[a-z]+$ $1ne\n^n ../etc/passwd\n";
    EXPECT_EQ(ask("pxelinux.cfg/01-00-1b-21-0a-0b-0c"), "DATA(1,4)");
    EXPECT_EQ(ask("onx"), "DATA(1,1)");
    EXPECT_EQ(ask("big"), "DATA(1,512)");
    EXPECT_EQ(ask("missing"), "ERR(1,File not found)");
    EXPECT_EQ(ask("nothing"), "ERR(1,File not found)") << "no pattern leads out of the folder";
}

// --- the program's own

TEST_F(TftpRules, T048_an_option_of_the_program) {
    server.own_options.push_back(
        {"x-id", [](const std::string& value, const TftpRequest& request) -> Result<std::optional<std::string>> {
             if (value == "bad") return refuse(Code::denied, "Who are you");
             if (value == "throw") throw std::runtime_error("inside");
             if (value == "none") return std::nullopt;
             return value + request.mac.substr(0, 2);
         }});
    EXPECT_EQ(ask("one", {{"X-Id", "7"}}), "OACK{X-Id=700}");
    EXPECT_EQ(server.ack(0), "DATA(1,1)");
    EXPECT_EQ(ask("one", {{"x-id", "none"}}), "DATA(1,1)");
    EXPECT_EQ(ask("one", {{"x-id", "none"}, {"tsize", "0"}}), "OACK{tsize=1}");
    EXPECT_EQ(ask("one", {{"x-id", "bad"}}), "ERR(8,Who are you)");
    EXPECT_EQ(ask("one", {{"x-id", "throw"}}), "ERR(0,Internal error)");
    EXPECT_TRUE(server.logged("the handler of the option x-id: "));
}

TEST_F(TftpRules, an_opcode_of_the_program) {
    server.own_opcodes[77] = [](const TftpPacket& packet) -> std::optional<std::string> {
        if (packet.bytes.size() == 2) return std::nullopt;
        if (packet.bytes[2] == 't') throw std::runtime_error("inside");
        if (packet.bytes[2] == 'l') return std::string(517, 'l');
        return "\0\3\0\1"s + packet.bytes.substr(2) + packet.peer;
    };
    EXPECT_EQ(server.to_listener("\0\115hello "s), "DATA(1,18)");
    EXPECT_EQ(server.payload, "hello 198.51.100.7");
    for (const auto& packet : {"\0\115"s, "\0\115l"s, "\0\116hello"s}) {
        EXPECT_EQ(server.to_listener(packet), "") << packet;
    }
    EXPECT_EQ(server.to_listener("\0\115t"s), "ERR(0,Internal error)");
    EXPECT_TRUE(server.logged("opcode 77: "));
    EXPECT_EQ(ask("one"), "DATA(1,1)");
}

// Whoever forges senders can turn no more of these answers on somebody than of others.
TEST_F(TftpRules, answers_to_own_opcodes_are_counted) {
    server.own_opcodes[77] = [](const TftpPacket&) { return "\0\7answer"s; };
    for (int i = 0; i < 1000; ++i) server.to_listener("\0\115x"s);
    EXPECT_LE(server.sent.size(), 200U);
}

// --- while the server runs

TEST_F(TftpRules, changes_hold_for_requests_that_come_later) {
    EXPECT_EQ(ask("big", {{"windowsize", "8"}}), "OACK{windowsize=8}");
    const auto running = server.client;
    const auto tid = (server.ack(0), server.tid);
    server.settings.options.windowsize_max = 2;
    rule().name = "one";
    server.settings.rules[0].read = false;
    server.serve().set(server.policy());
    EXPECT_EQ(ask("big", {{"windowsize", "8"}}), "OACK{windowsize=2}");
    EXPECT_EQ(ask("one"), "ERR(2,Access violation)");
    server.client = running;
    server.tid = tid;
    EXPECT_EQ(server.ack(8).substr(0, 24), "DATA(9,512) DATA(10,512)");
}

TEST_F(TftpRules, limits_change) {
    EXPECT_EQ(ask("big"), "DATA(1,512)");
    server.settings.limits.max_transfers = 1;
    server.serve().set(server.policy());
    EXPECT_EQ(ask("big"), "");
}

}  // namespace
}  // namespace wherry
