#include "i2ftp/digest_cache.h"

#include <gtest/gtest.h>

namespace wherry::i2ftp {
namespace {

constexpr std::int64_t now = 1'700'000'000;

Stat file(std::uint64_t inode) {
    Stat stat;
    stat.device = 3;
    stat.inode = inode;
    stat.size = 100;
    stat.modified = now - 60;
    stat.modified_nsec = 5;
    return stat;
}

TEST(DigestCache, KnowsAFileUntilItChanges) {
    DigestCache cache;
    EXPECT_EQ(cache.find(file(1)), std::nullopt);
    cache.add(file(1), now, "sum");
    EXPECT_EQ(cache.find(file(1)), "sum");
    EXPECT_EQ(cache.find(file(2)), std::nullopt);
    Stat changed = file(1);
    changed.modified_nsec = 6;
    EXPECT_EQ(cache.find(changed), std::nullopt);
    changed = file(1);
    changed.size = 101;
    EXPECT_EQ(cache.find(changed), std::nullopt);
}

// Within the same tick of the clock it may change again, and nobody could tell.
TEST(DigestCache, DoesNotTrustWhatWasChangedJustNow) {
    DigestCache cache;
    Stat fresh = file(1);
    fresh.modified = now - DigestCache::settled_after;
    cache.add(fresh, now, "sum");
    EXPECT_EQ(cache.find(fresh), std::nullopt);
}

TEST(DigestCache, DoesNotKnowFilesWithoutAnIdentity) {
    DigestCache cache;
    cache.add(file(0), now, "sum");
    EXPECT_EQ(cache.find(file(0)), std::nullopt);
}

TEST(DigestCache, ForgetsTheOldestWhenItIsFull) {
    DigestCache cache;
    for (std::uint64_t i = 1; i <= DigestCache::most + 1; ++i) cache.add(file(i), now, "sum");
    EXPECT_EQ(cache.find(file(1)), std::nullopt);
    EXPECT_EQ(cache.find(file(2)), "sum");
    EXPECT_EQ(cache.find(file(DigestCache::most + 1)), "sum");
}

}  // namespace
}  // namespace wherry::i2ftp
