#include "ftp/data_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/coroutines.h"
#include "testing/memory_network.h"

namespace wherry::ftp {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

net::Address ip(std::string_view text, std::uint16_t port = 40001) {
    return net::Address::parse_ip(text, port).value();
}

class DataChannelTest : public ::testing::Test {
protected:
    DataChannelTest() {
        std::tie(client, control) = testing::MemoryNetwork::pair(hand.loop, ip("198.51.100.7", 40000),
                                                                 ip("192.0.2.1", 21), net::Watch::Class::control);
    }
    ~DataChannelTest() override { hand.loop.run_until_idle(); }
    DataChannel& channel() {
        if (!channel_) channel_.emplace(settings, network, ports, log, *control);
        return *channel_;
    }
    void open() {
        opened.reset();
        hand.start(channel().open(), opened);
    }
    net::Address listen() {
        const auto address = channel().listen();
        EXPECT_TRUE(address) << address.error().message;
        return address.value_or(net::Address());
    }

    testing::HandTurned hand;
    std::vector<std::string> lines;
    Log log{LogLevel::debug, [this](LogLevel, std::string_view line) { lines.emplace_back(line); }};
    testing::MemoryNetwork network;
    net::PortPool ports{50000, 50002};
    Settings settings;
    testing::ConnectionPtr client;
    net::StreamPtr control;
    std::optional<DataChannel> channel_;
    std::optional<Result<net::StreamPtr>> opened;
};

// --- passive -------------------------------------------------------------------------------------

TEST_F(DataChannelTest, ListensWhereTheClientHasReachedUsOnAPortOfTheRange) {
    const net::Address address = listen();
    EXPECT_TRUE(address.same_host(control->local()));
    EXPECT_TRUE(address.port() >= 50000 && address.port() <= 50002);
    EXPECT_TRUE(channel().prepared());
    EXPECT_FALSE(channel().connected());
}

TEST_F(DataChannelTest, GivesAConnectionThatCameBeforeTheCommand) {
    const net::Address address = listen();
    const auto data = network.connect(ip("198.51.100.7"), address);
    EXPECT_TRUE(channel().connected());
    open();
    ASSERT_TRUE(opened && *opened);
    EXPECT_EQ((**opened)->peer(), ip("198.51.100.7"));
    EXPECT_FALSE(channel().prepared());
    EXPECT_EQ(network.listeners(), 0U);
}

TEST_F(DataChannelTest, WaitsForAConnectionThatComesAfterTheCommand) {
    const net::Address address = listen();
    open();
    EXPECT_FALSE(opened);
    const auto data = network.connect(ip("198.51.100.7"), address);
    hand.loop.run_until_idle();
    ASSERT_TRUE(opened && *opened);
    EXPECT_FALSE(channel().prepared());
}

TEST_F(DataChannelTest, GivesUpAfterItsTime) {
    listen();
    open();
    hand.advance(settings.data_connect_timeout - 1s);
    EXPECT_FALSE(opened);
    hand.advance(1s);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->error().code, Code::timeout);
    EXPECT_EQ(network.listeners(), 0U);
}

// RFC 2577: a stranger who is quicker than the client gets nothing, and does not keep the client out. One who came
// while the client was waited for was let go of only when the next connection came.
TEST_F(DataChannelTest, AStrangerIsSentAwayAndTheClientStillComes) {
    const net::Address address = listen();
    const auto early = network.connect(ip("203.0.113.9"), address);
    EXPECT_FALSE(channel().connected());
    EXPECT_TRUE(early->ended());
    open();
    const auto late = network.connect(ip("203.0.113.10"), address);
    hand.loop.run_until_idle();
    EXPECT_FALSE(opened);
    EXPECT_TRUE(late->ended());
    const auto data = network.connect(ip("198.51.100.7"), address);
    hand.loop.run_until_idle();
    ASSERT_TRUE(opened && *opened);
    EXPECT_TRUE((**opened)->peer().same_host(control->peer()));
    EXPECT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], HasSubstr("203.0.113.9"));
}

TEST_F(DataChannelTest, AStrangerIsLetInWhereTheSettingsSaySo) {
    settings.foreign_addresses = true;
    const auto data = network.connect(ip("203.0.113.9"), listen());
    EXPECT_TRUE(channel().connected());
    open();
    ASSERT_TRUE(opened && *opened);
}

TEST_F(DataChannelTest, PortsAreGivenBack) {
    for (int i = 0; i < 10; ++i) listen();  // each one drops the one before
    EXPECT_EQ(network.listeners(), 1U);
    channel().reset();
    EXPECT_FALSE(channel().prepared());
    EXPECT_EQ(network.listeners(), 0U);
    std::vector<net::PortPool::Lease> all;
    while (auto lease = ports.take()) all.push_back(std::move(*lease));
    EXPECT_EQ(all.size(), 3U);
}

TEST_F(DataChannelTest, PassesOverPortsThatOtherProgramsHave) {
    std::vector<net::ListenerPtr> others;
    for (const std::uint16_t port : {std::uint16_t{50000}, std::uint16_t{50002}}) {
        others.push_back(std::move(*network.listen(hand.loop, ip("192.0.2.1", port), {})));
    }
    EXPECT_EQ(listen().port(), 50001);
    channel().reset();
    others.push_back(std::move(*network.listen(hand.loop, ip("192.0.2.1", 50001), {})));
    const auto none = channel().listen();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::busy);
    others.clear();
    EXPECT_TRUE(channel().listen());  // none of the tried ports was lost
}

// --- active --------------------------------------------------------------------------------------

TEST_F(DataChannelTest, ConnectsToTheClient) {
    network.listen_as_client(ip("198.51.100.7", 2000));
    EXPECT_TRUE(channel().connect_to(ip("198.51.100.7", 2000)));
    EXPECT_TRUE(channel().prepared());
    open();
    ASSERT_TRUE(opened && *opened);
    const auto data = network.accepted_by_client(ip("198.51.100.7", 2000));
    ASSERT_TRUE(data);
    EXPECT_TRUE(data->server.same_host(control->local()));
    EXPECT_FALSE(channel().prepared());
}

// The bounce attack of RFC 2577.
TEST_F(DataChannelTest, ConnectsToNobodyElseAndToNoPrivilegedPort) {
    EXPECT_EQ(channel().connect_to(ip("203.0.113.9", 2000)).error().code, Code::denied);
    EXPECT_EQ(channel().connect_to(ip("198.51.100.7", 25)).error().code, Code::denied);
    EXPECT_EQ(channel().connect_to(ip("198.51.100.7", 1023)).error().code, Code::denied);
    EXPECT_FALSE(channel().prepared());
    EXPECT_TRUE(channel().connect_to(ip("198.51.100.7", 1024)));
    settings.foreign_addresses = true;
    settings.privileged_ports = true;
    EXPECT_TRUE(channel().connect_to(ip("203.0.113.9", 25)));
}

TEST_F(DataChannelTest, ARefusalLeavesWhatWasPrepared) {
    listen();
    EXPECT_FALSE(channel().connect_to(ip("203.0.113.9", 2000)));
    EXPECT_TRUE(channel().prepared());
}

TEST_F(DataChannelTest, SaysThatTheClientRefusedOrDoesNotAnswer) {
    EXPECT_TRUE(channel().connect_to(ip("198.51.100.7", 2000)));
    open();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->error().code, Code::reset);
    network.unreachable = true;
    EXPECT_TRUE(channel().connect_to(ip("198.51.100.7", 2000)));
    open();
    EXPECT_FALSE(opened);
    hand.advance(settings.data_connect_timeout);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->error().code, Code::timeout);
}

// --- abort ---------------------------------------------------------------------------------------

TEST_F(DataChannelTest, AnAbortEndsAWaitOfEitherKind) {
    listen();
    open();
    channel().abort(Code::aborted);
    hand.loop.run_until_idle();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->error().code, Code::aborted);

    channel_.reset();  // another session's
    network.unreachable = true;
    EXPECT_TRUE(channel().connect_to(ip("198.51.100.7", 2000)));
    open();
    channel().abort(Code::killed);
    hand.loop.run_until_idle();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->error().code, Code::killed);
    EXPECT_FALSE(channel().prepared());
}

TEST_F(DataChannelTest, AnAbortReachesTheStreamInUseAndNoneThatHasGone) {
    const auto data = network.connect(ip("198.51.100.7"), listen());
    open();
    ASSERT_TRUE(opened && *opened);
    channel().attach((*opened)->get());
    channel().abort(Code::aborted);
    EXPECT_EQ((**opened)->cause(), Code::aborted);
    channel().attach(nullptr);
    opened.reset();
    channel().abort(Code::aborted);
}

TEST_F(DataChannelTest, WithoutPreparationThereIsNothingToOpen) {
    open();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->error().code, Code::invalid);
}

}  // namespace
}  // namespace wherry::ftp
