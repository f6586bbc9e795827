#include "core/small_mutex.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace wherry {
namespace {

TEST(SmallMutex, TakesNoMoreThanItSays) { EXPECT_EQ(sizeof(SmallMutex), 4U); }

TEST(SmallMutex, LetsOneInAtATime) {
    constexpr int threads = 4;
    constexpr int rounds = 20'000;
    SmallMutex mutex;
    int sum = 0;  // not atomic: only the lock keeps it right
    {
        std::vector<std::jthread> all;
        for (int each = 0; each < threads; ++each) {
            all.emplace_back([&] {
                for (int round = 0; round < rounds; ++round) {
                    const std::lock_guard lock(mutex);
                    ++sum;
                }
            });
        }
    }
    EXPECT_EQ(sum, threads * rounds);
}

TEST(SmallMutex, WhoWaitsIsWoken) {
    SmallMutex mutex;
    bool seen = false;
    mutex.lock();
    std::jthread other([&] {
        const std::lock_guard lock(mutex);
        seen = true;
    });
    mutex.unlock();
    other.join();
    EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace wherry
