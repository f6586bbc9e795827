#include "tftp/chunk_cache.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

ContentKey file(std::uint64_t inode) { return {.inode = inode, .size = 1000}; }

Chunk chunk(std::uint64_t number, std::size_t size = 100) {
    Chunk out;
    out.number = number;
    out.bytes = std::make_unique<std::byte[]>(size);
    out.size = size;
    return out;
}

TEST(ChunkCache, the_first_loads_and_the_others_wait) {
    ChunkCache cache({});
    int woken = 0;
    EXPECT_TRUE(cache.claim(file(1), 0, {}).load);
    for (int i = 0; i < 3; ++i) {
        const auto claim = cache.claim(file(1), 0, [&] { ++woken; });
        EXPECT_FALSE(claim.load);
        EXPECT_EQ(claim.chunk, nullptr);
    }
    EXPECT_TRUE(cache.claim(file(1), 1, {}).load);
    EXPECT_TRUE(cache.claim(file(2), 0, {}).load);
    const auto loaded = cache.loaded(file(1), chunk(0));
    EXPECT_EQ(woken, 3);
    EXPECT_EQ(cache.claim(file(1), 0, {}).chunk, loaded);
    EXPECT_EQ(cache.counts().loads, 3U);
    EXPECT_EQ(cache.counts().hits, 1U);
}

TEST(ChunkCache, after_a_failure_the_next_may_try) {
    ChunkCache cache({});
    int woken = 0;
    cache.claim(file(1), 0, {});
    cache.claim(file(1), 0, [&] { ++woken; });
    cache.failed(file(1), 0);
    EXPECT_EQ(woken, 1);
    EXPECT_TRUE(cache.claim(file(1), 0, {}).load);
}

TEST(ChunkCache, another_version_of_a_file_is_another_file) {
    ChunkCache cache({});
    cache.claim(file(1), 0, {});
    cache.loaded(file(1), chunk(0));
    ContentKey touched = file(1);
    touched.modified_nsec = 1;
    EXPECT_TRUE(cache.claim(touched, 0, {}).load);
    ContentKey text = file(1);
    text.text = true;
    EXPECT_TRUE(cache.claim(text, 0, {}).load);
}

TEST(ChunkCache, forgets_what_was_used_longest_ago) {
    ChunkCache cache({.bytes = 250});
    ChunkPtr held;
    for (std::uint64_t number = 0; number < 2; ++number) {
        cache.claim(file(1), number, {});
        const auto loaded = cache.loaded(file(1), chunk(number));
        if (number == 1) held = loaded;
    }
    EXPECT_NE(cache.claim(file(1), 0, {}).chunk, nullptr);
    cache.claim(file(1), 2, {});
    cache.loaded(file(1), chunk(2));
    EXPECT_EQ(cache.bytes(), 200U);
    EXPECT_NE(cache.claim(file(1), 0, {}).chunk, nullptr);
    EXPECT_TRUE(cache.claim(file(1), 1, {}).load);
    EXPECT_EQ(held->number, 1U);  // who holds one keeps it
}

}  // namespace
}  // namespace wherry::tftp
