// From the name in a request to a file: what an operator may set about it.
#include <gtest/gtest.h>

#include <string>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;

class TftpNames : public ::testing::Test {
protected:
    void SetUp() override { server.base.put("/one", "x"); }
    // From a port of its own.
    std::string ask(std::string_view name) {
        server.client = server.client.with_port(++port);
        return server.rrq(name);
    }
    TftpHarness server;
    std::uint16_t port = 3000;
};

TEST_F(TftpNames, folders_that_clients_put_in_front) {
    server.settings.names.strip_prefix = {"/tftpboot", "/srv/images/"};
    server.base.put("/tftpbootone", "yy");
    for (const char* name : {"one", "/one", "/tftpboot/one", "/srv/images/one", "/tftpboot//one"}) {
        EXPECT_EQ(ask(name), "DATA(1,1)") << name;
    }
    EXPECT_EQ(ask("/tftpbootone"), "DATA(1,2)");
    EXPECT_EQ(ask("/srv/one"), "ERR(1,File not found)");
    EXPECT_EQ(ask("/tftpboot/srv/images/one"), "ERR(1,File not found)");  // one of them goes, not all
    EXPECT_EQ(ask("/tftpboot/../one"), "ERR(2,Access violation)");
}

TEST_F(TftpNames, a_backslash_is_a_slash_unless_it_is_not) {
    ASSERT_TRUE(server.base.files->make_directory(Path::resolve("/a").value(), 0755));
    server.base.put("/a/b", "slash");
    server.base.put("/a\\b", "back");
    EXPECT_EQ(ask("a\\b"), "DATA(1,5)");
    EXPECT_EQ(ask("..\\one"), "ERR(2,Access violation)");
    server.settings.names.backslash = false;
    server.serve().set(server.policy());
    EXPECT_EQ(ask("a\\b"), "DATA(1,4)");
    EXPECT_EQ(ask("..\\one"), "ERR(1,File not found)");
}

TEST_F(TftpNames, T125_steps_that_a_map_may_take) {
    server.map = "r ^a b\nr ^b c\nr ^c one\n";
    server.settings.map_steps = 3;
    EXPECT_EQ(ask("a"), "DATA(1,1)");
    server.settings.map_steps = 2;
    server.serve().set(server.policy());
    EXPECT_EQ(ask("a"), "ERR(2,Name mapping failed)");
}

TEST_F(TftpNames, macros_of_a_map_for_the_client_the_interface_and_the_asked_address) {
    server.network.interfaces[1] = "eth1";
    server.network.neighbours["198.51.100.7"] = {{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c}};
    server.map = "r ^one$ \\m.\\n.\\l\n";
    server.base.put("/00-1b-21-0a-0b-0c.eth1.192.0.2.1", "macros");
    server.base.put("/.eth1.192.0.2.1", "unknown");
    server.base.put("/m.n.l", "letters!");
    EXPECT_EQ(ask("one"), "DATA(1,8)");
    server.settings.map.macros = tftp::Macros::extended;
    server.serve().set(server.policy());
    EXPECT_EQ(ask("one"), "DATA(1,6)");
    server.network.neighbours.clear();
    EXPECT_EQ(ask("one"), "DATA(1,7)");
}

TEST_F(TftpNames, back_references_in_a_map) {
    server.map = "re ^two$ one\na (.)\\1 twice\\ \\1\nE . \n";
    server.settings.map.engine = tftp::RegexEngine::posix;
    EXPECT_EQ(ask("two"), "DATA(1,1)");
    EXPECT_EQ(ask("one"), "DATA(1,1)");
    EXPECT_EQ(ask("foo"), "ERR(2,twice o)");
    EXPECT_EQ(ask(std::string(200, 'x') + "yy" + std::string(100, 'z')), "ERR(2,Name mapping failed)");
}

TEST_F(TftpNames, a_lease_file_tells_of_clients_that_the_kernel_does_not_know) {
    ASSERT_TRUE(server.base.files->make_directory(Path::resolve("/00-1b-21-0a-0b-0c").value(), 0755));
    server.base.put("/00-1b-21-0a-0b-0c/one", "by lease");
    ASSERT_TRUE(server.base.files->make_directory(Path::resolve("/00-1b-21-0a-0b-0d").value(), 0755));
    server.base.put("/00-1b-21-0a-0b-0d/one", "by neighbour");
    server.settings.client_root = tftp::ClientRoot::mac;
    std::string asked;
    server.other_macs = [&](const net::Address& peer, std::int64_t now) -> Result<std::optional<net::Mac>> {
        EXPECT_EQ(now, server.base.clock().wall_seconds());
        asked += peer.ip() + " ";
        if (peer.ip() == "198.51.100.9") return fail(Code::io, "reading the leases: trouble");
        return net::Mac{{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c}};
    };
    EXPECT_EQ(ask("one"), "DATA(1,8)");
    EXPECT_EQ(asked, "198.51.100.7 ");
    server.network.neighbours["198.51.100.7"] = {{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0d}};
    EXPECT_EQ(ask("one"), "DATA(1,12)");
    EXPECT_EQ(asked, "198.51.100.7 ");
    server.client = net::Address::parse_ip("198.51.100.9", 2070).value();
    EXPECT_EQ(ask("one"), "DATA(1,1)");
    EXPECT_TRUE(server.logged("reading the leases: trouble"));
    server.settings.client_root = tftp::ClientRoot::ip;  // nobody wants to know
    server.serve().set(server.policy());
    EXPECT_EQ(ask("one"), "DATA(1,1)");
    EXPECT_EQ(asked, "198.51.100.7 198.51.100.9 ");
}

}  // namespace
}  // namespace wherry
