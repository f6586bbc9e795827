#include "tftp/chunk_cache.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

ContentKey file(std::uint64_t inode) { return {.file = {.inode = inode, .size = 1000}}; }

Chunk chunk(std::uint64_t number, std::size_t size = 100) {
    Chunk out;
    out.number = number;
    out.bytes = ChunkMemory::alone(size);
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

TEST(ChunkCache, chunks_are_looked_for_and_loaded_ahead_without_waiting) {
    ChunkCache cache({});
    EXPECT_EQ(cache.find(file(1), 0), nullptr);
    EXPECT_TRUE(cache.begin_load(file(1), 0));
    EXPECT_EQ(cache.find(file(1), 0), nullptr);
    EXPECT_FALSE(cache.begin_load(file(1), 0));
    EXPECT_FALSE(cache.claim(file(1), 0, [] {}).load);
    const auto loaded = cache.loaded(file(1), chunk(0));
    EXPECT_EQ(cache.find(file(1), 0), loaded);
    EXPECT_FALSE(cache.begin_load(file(1), 0));
    EXPECT_EQ(cache.counts().loads, 1U);
}

TEST(ChunkCache, what_nobody_will_ask_for_again_is_dropped) {
    ChunkCache cache({});
    for (std::uint64_t number = 0; number < 3; ++number) {
        EXPECT_TRUE(cache.begin_load(file(1), number));
        cache.loaded(file(1), chunk(number));
    }
    EXPECT_EQ(cache.bytes(), 300U);
    cache.drop(file(1), 0);
    cache.drop(file(1), 1);
    cache.drop(file(1), 7);
    EXPECT_EQ(cache.bytes(), 100U);
    EXPECT_TRUE(cache.begin_load(file(1), 0));
    cache.drop(file(1), 0);  // is being loaded
    cache.loaded(file(1), chunk(0));
    EXPECT_NE(cache.find(file(1), 0), nullptr);
}

TEST(ChunkCache, another_version_of_a_file_is_another_file) {
    ChunkCache cache({});
    cache.claim(file(1), 0, {});
    cache.loaded(file(1), chunk(0));
    ContentKey touched = file(1);
    touched.file.modified_nsec = 1;
    EXPECT_TRUE(cache.claim(touched, 0, {}).load);
    ContentKey rewritten = file(1);
    rewritten.file.changed = 1;
    EXPECT_TRUE(cache.claim(rewritten, 0, {}).load);
    ContentKey text = file(1);
    text.text = true;
    EXPECT_TRUE(cache.claim(text, 0, {}).load);
}

// One download of a long file does not push out what many want, and needs no memory of the cache.
TEST(ChunkCache, the_first_may_pass_and_the_second_loads) {
    ChunkCache cache({});
    for (std::uint64_t number = 0; number < 5; ++number) {
        EXPECT_TRUE(cache.claim(file(1), number, {}).first);
        cache.passed(file(1), number);
    }
    EXPECT_EQ(cache.bytes(), 0U);
    EXPECT_EQ(cache.find(file(1), 3), nullptr);
    const auto second = cache.claim(file(1), 3, {});
    EXPECT_TRUE(second.load);
    EXPECT_FALSE(second.first);
    cache.loaded(file(1), chunk(3));
    EXPECT_EQ(cache.claim(file(1), 3, {}).chunk->number, 3U);
    EXPECT_TRUE(cache.begin_load(file(1), 2));
    EXPECT_EQ(cache.bytes(), 100U);
}

TEST(ChunkCache, who_waits_for_one_that_passes_is_woken_and_loads) {
    ChunkCache cache({});
    int woken = 0;
    EXPECT_TRUE(cache.claim(file(1), 0, {}).first);
    EXPECT_FALSE(cache.claim(file(1), 0, [&] { ++woken; }).load);
    cache.passed(file(1), 0);
    EXPECT_EQ(woken, 1);
    const auto again = cache.claim(file(1), 0, {});
    EXPECT_TRUE(again.load);
    EXPECT_FALSE(again.first);
    cache.failed(file(1), 0);
    EXPECT_TRUE(cache.claim(file(1), 0, {}).load);
}

TEST(ChunkCache, those_who_passed_are_forgotten_in_time) {
    ChunkCache cache({});
    for (std::uint64_t number = 0; number < 5000; ++number) {
        EXPECT_TRUE(cache.claim(file(1), number, {}).first);
        cache.passed(file(1), number);
    }
    EXPECT_FALSE(cache.claim(file(1), 4999, {}).first);
    EXPECT_TRUE(cache.claim(file(1), 0, {}).first);
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
