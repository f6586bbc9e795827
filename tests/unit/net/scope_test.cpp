#include "net/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/coroutines.h"

namespace wherry::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::HandTurned;

using Said = std::vector<std::string>;

struct Leaving {
    explicit Leaving(Said& into, std::string what) : said(into), name(std::move(what)) {}
    ~Leaving() { said.push_back(name + " left"); }
    Said& said;
    std::string name;
};

Task<void> child(Loop& loop, Duration span, std::string name, Said& said) {
    const Leaving leaving(said, name);
    said.push_back(name + " began");
    co_await loop.sleep_for(span);
}
Task<void> thrower(Loop& loop) {
    co_await loop.yield();
    throw std::runtime_error("fell");
}
Task<void> parent(Loop& loop, Said& said) {
    Scope scope(loop);
    scope.start(child(loop, 2s, "slow", said));
    scope.start(child(loop, 1s, "quick", said));
    scope.start(child(loop, 0s, "instant", said));
    said.push_back(std::to_string(scope.size()) + " run");
    co_await scope.join();
    said.push_back("parent goes on");
}
Task<void> parent_of_thrower(Loop& loop, Said& said) {
    Scope scope(loop);
    scope.start(thrower(loop));
    scope.start(child(loop, 1s, "other", said));
    try {
        co_await scope.join();
    } catch (const std::runtime_error& error) {
        said.push_back(error.what());
    }
    co_await scope.join();  // said once
    said.push_back("joined again");
}

TEST(Scope, ChildrenRunUpToTheirFirstWaitAndEndBeforeTheParent) {
    HandTurned hand;
    Said said;
    bool ended = false;
    hand.start(parent(hand.loop, said), ended);
    EXPECT_THAT(said, ElementsAre("slow began", "quick began", "instant began", "instant left", "2 run"));
    hand.advance(1s);
    EXPECT_FALSE(ended);
    hand.advance(1s);
    EXPECT_TRUE(ended);
    EXPECT_THAT(Said(said.begin() + 5, said.end()), ElementsAre("quick left", "slow left", "parent goes on"));
}

TEST(Scope, JoinThrowsWhatAChildHasThrownAfterTheLastChild) {
    HandTurned hand;
    Said said;
    bool ended = false;
    hand.start(parent_of_thrower(hand.loop, said), ended);
    EXPECT_THAT(said, ElementsAre("other began"));
    hand.advance(1s);
    EXPECT_THAT(said, ElementsAre("other began", "other left", "fell", "joined again"));
    EXPECT_TRUE(ended);
}

TEST(Scope, JoiningAnEmptyOneWaitsForNothing) {
    HandTurned hand;
    EXPECT_TRUE(hand.scope.empty());
    EXPECT_TRUE(hand.scope.join().await_ready());
}

}  // namespace
}  // namespace wherry::net
