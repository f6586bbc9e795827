#include "observe/event_bus.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

#include "observe/metrics.h"

namespace wherry {
namespace {

SessionInfo session(std::uint64_t id, std::uint16_t port = 0) { return {id, "ftp", "192.0.2.1", port, "alice"}; }
event::Connected connected(std::uint64_t id, std::uint16_t port = 0) { return {session(id, port)}; }
event::LoggedIn logged_in(std::uint64_t id) { return {session(id)}; }

class EventBusTest : public testing::Test {
protected:
    Metrics metrics_;
    EventBus bus_{metrics_};
    std::vector<std::uint64_t> seen_;

    void remember_connections() {
        bus_.on<event::Connected>([this](const auto& event) { seen_.push_back(event.session.id); });
    }
    void publish_connected(std::uint64_t id) {
        bus_.publish<event::Connected>([id] { return connected(id); });
    }
};

TEST_F(EventBusTest, EachKindHasABitOfItsOwnInTheOrderOfTheVariant) {
    EXPECT_EQ(EventBus::bit<event::Connected>(), 1U);
    EXPECT_EQ(EventBus::bit<event::Refused>(), 2U);
    EXPECT_EQ(EventBus::bit<event::TlsHandshake>(), 4U);
    EXPECT_EQ(EventBus::bit<event::TftpFailed>(), 1U << (std::variant_size_v<Event> - 1));
}

TEST_F(EventBusTest, SinksGetTheirKindsInTheOrderOfPublishing) {
    std::vector<std::size_t> all;
    remember_connections();
    std::vector<std::size_t> some;
    bus_.subscribe([&](const Event& event) { all.push_back(event.index()); });
    bus_.subscribe([&](const Event& event) { some.push_back(event.index()); }, EventBus::bit<event::LoggedIn>());
    bus_.start();
    publish_connected(1);
    bus_.publish<event::LoggedIn>([] { return logged_in(1); });
    publish_connected(2);
    bus_.drain();
    EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 2}));
    const std::size_t login = Event(event::LoggedIn{}).index();
    EXPECT_EQ(all, (std::vector<std::size_t>{0, login, 0}));
    EXPECT_EQ(some, (std::vector<std::size_t>{login}));
    EXPECT_EQ(metrics_.value(Metric::sink_errors_total), 0);
}

TEST_F(EventBusTest, AnEventNobodyWantsIsNotEvenMade) {
    remember_connections();
    bus_.start();
    bool made = false;
    bus_.publish<event::LoggedIn>([&] {
        made = true;
        return logged_in(1);
    });
    EXPECT_FALSE(made);
    publish_connected(1);
    bus_.drain();
    EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(EventBusTest, WhatIsPublishedBeforeStartWaitsForIt) {
    remember_connections();
    publish_connected(1);
    EXPECT_TRUE(seen_.empty());
    bus_.start();
    publish_connected(2);
    bus_.drain();
    EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(EventBusTest, DrainWithoutStartDeliversHere) {
    std::thread::id on;
    bus_.on<event::Connected>([&](const auto&) { on = std::this_thread::get_id(); });
    publish_connected(1);
    bus_.drain();
    EXPECT_EQ(on, std::this_thread::get_id());
}

TEST_F(EventBusTest, SinksRunOnOneThreadThatIsNotThePublishers) {
    std::thread::id on;
    bus_.on<event::Connected>([&](const auto&) { on = std::this_thread::get_id(); });
    bus_.start();
    publish_connected(1);
    bus_.drain();
    EXPECT_NE(on, std::this_thread::get_id());
    EXPECT_NE(on, std::thread::id());
}

TEST_F(EventBusTest, InlineDeliversBeforePublishReturns) {
    bus_.deliver_inline();
    remember_connections();
    bus_.start();
    publish_connected(1);
    EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1}));
    bus_.drain();
}

TEST_F(EventBusTest, ASinkThatBlocksDoesNotBlockPublishers) {
    std::promise<void> release;
    bus_.on<event::Connected>([&, gate = release.get_future().share()](const auto& event) {
        gate.wait();
        seen_.push_back(event.session.id);
    });
    bus_.start();
    for (std::uint64_t id = 1; id <= 1000; ++id) publish_connected(id);
    release.set_value();
    bus_.drain();
    ASSERT_EQ(seen_.size(), 1000U);
    EXPECT_EQ(seen_.back(), 1000U);
}

TEST_F(EventBusTest, AFullQueueDropsWhatComesNextAndCountsIt) {
    remember_connections();
    for (std::uint64_t id = 1; id <= EventBus::queue_limit + 10; ++id) publish_connected(id);
    EXPECT_EQ(metrics_.value(Metric::events_dropped_total), 10);
    bus_.drain();
    ASSERT_EQ(seen_.size(), EventBus::queue_limit);
    EXPECT_EQ(seen_.front(), 1U);
    EXPECT_EQ(seen_.back(), EventBus::queue_limit);
    publish_connected(7);
    bus_.drain();
    EXPECT_EQ(seen_.back(), 7U);
    EXPECT_EQ(metrics_.value(Metric::events_dropped_total), 10);
}

TEST_F(EventBusTest, AFloodOfCommandsFillsLittleMemoryAndPushesNothingElseOut) {
    std::size_t commands = 0;
    bus_.on<event::Command>([&](const auto&) { ++commands; });
    remember_connections();
    for (int i = 0; i < 1'000'000; ++i) bus_.publish<event::Command>([] { return event::Command{}; });
    EXPECT_EQ(metrics_.value(Metric::events_dropped_total), 1'000'000 - int{EventBus::command_limit});
    publish_connected(1);
    bus_.drain();
    EXPECT_EQ(commands, EventBus::command_limit);
    EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1}));
}

TEST_F(EventBusTest, AFloodOfTftpRequestsPushesNothingElseOut) {
    std::size_t requests = 0;
    bus_.on<event::TftpRequested>([&](const auto&) { ++requests; });
    remember_connections();
    for (int i = 0; i < 100'000; ++i) bus_.publish<event::TftpRequested>([] { return event::TftpRequested{}; });
    publish_connected(1);
    bus_.drain();
    EXPECT_EQ(requests, EventBus::command_limit);
    EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1}));
}

TEST_F(EventBusTest, WhatASinkWantsAtTimesIsMadeAtTheseTimes) {
    bool wanted = false;
    int made = 0;
    bus_.subscribe([this](const Event&) { seen_.push_back(1); }, EventBus::bit<event::Connected>(),
                   [&] { return wanted; });
    const auto publish = [&] {
        bus_.publish<event::Connected>([&] {
            ++made;
            return connected(1);
        });
    };
    publish();
    EXPECT_EQ(made, 0);
    wanted = true;
    publish();
    EXPECT_EQ(made, 1);
    wanted = false;
    remember_connections();  // always
    publish();
    EXPECT_EQ(made, 2);
    bus_.drain();
}

TEST_F(EventBusTest, ASinkThatThrowsHarmsNobodyElse) {
    std::vector<std::string> told;
    bus_.on_error([&](std::string_view what) { told.emplace_back(what); });
    bus_.on<event::Connected>([](const auto& event) {
        if (event.session.id == 1) throw std::runtime_error("disk full");
        if (event.session.id == 2) throw 42;
    });
    remember_connections();
    bus_.start();
    for (std::uint64_t id = 1; id <= 3; ++id) publish_connected(id);
    bus_.drain();
    EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(metrics_.value(Metric::sink_errors_total), 2);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0], "disk full");
    EXPECT_EQ(told[1], "an exception that is no std::exception");
}

TEST_F(EventBusTest, AnErrorHandlerThatThrowsHarmsNobodyEither) {
    bus_.on_error([](std::string_view) { throw std::runtime_error("again"); });
    bus_.on<event::Connected>([](const auto&) { throw std::runtime_error("first"); });
    remember_connections();
    bus_.start();
    publish_connected(1);
    publish_connected(2);
    bus_.drain();
    EXPECT_EQ(seen_.size(), 2U);
    EXPECT_EQ(metrics_.value(Metric::sink_errors_total), 2);
}

TEST_F(EventBusTest, DrainDoesNotWaitForWhatIsPublishedAfterIt) {
    // Shared: one more event may come after the last drain, published by a sink that had looked before.
    const auto on = std::make_shared<std::atomic<bool>>(true);
    bus_.on<event::Connected>([this, on](const auto& event) {
        if (*on) publish_connected(event.session.id + 1);
    });
    bus_.start();
    publish_connected(1);
    bus_.drain();  // would never come back if it waited for an empty queue
    *on = false;
}

TEST(EventBus, TheDestructorDeliversWhatIsQueued) {
    for (const bool started : {true, false}) {
        Metrics metrics;
        std::size_t seen = 0;
        {
            EventBus bus(metrics);
            bus.on<event::Connected>([&](const auto&) { ++seen; });
            if (started) bus.start();
            for (std::uint64_t id = 0; id < 5000; ++id) bus.publish<event::Connected>([id] { return connected(id); });
        }
        EXPECT_EQ(seen, 5000U) << "started " << started;
    }
}

TEST(EventBusStress, ManyPublishersKeepTheirOrderAndLoseNothing) {
    constexpr std::uint64_t each = 4000;
    Metrics metrics;
    EventBus bus(metrics);
    std::array<std::uint64_t, 4> next{};
    std::size_t out_of_order = 0;
    bus.on<event::Connected>([&](const auto& event) {
        if (event.session.id != next.at(event.session.peer_port)++) ++out_of_order;
    });
    bus.start();
    {
        std::vector<std::jthread> threads;
        for (std::uint16_t who = 0; who < next.size(); ++who) {
            threads.emplace_back([&bus, who] {
                for (std::uint64_t i = 0; i < each; ++i) {
                    bus.publish<event::Connected>([&] { return connected(i, who); });
                    if (i % 1000 == 999) bus.drain();
                }
            });
        }
    }
    bus.drain();
    EXPECT_EQ(out_of_order, 0U);
    for (const std::uint64_t count : next) EXPECT_EQ(count, each);
    EXPECT_EQ(metrics.value(Metric::events_dropped_total), 0);
}

}  // namespace
}  // namespace wherry
