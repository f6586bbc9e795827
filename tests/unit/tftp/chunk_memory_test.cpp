#include "tftp/chunk_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace wherry::tftp {
namespace {

constexpr std::size_t piece_size = 256 * 1024;

TEST(ChunkMemory, pieces_of_a_block_lie_side_by_side_and_are_taken_again) {
    const auto memory = std::make_shared<ChunkMemory>(piece_size);
    auto first = memory->take(piece_size);
    auto second = memory->take(piece_size - 1);
    EXPECT_EQ(second.get(), first.get() + piece_size);
    EXPECT_EQ(memory->blocks(), 1U);
    const std::byte* const place = first.get();
    first.reset();
    EXPECT_EQ(memory->take(piece_size).get(), place) << "the one that was given back last is the next";
}

TEST(ChunkMemory, small_ones_take_no_whole_piece) {
    const auto memory = std::make_shared<ChunkMemory>(piece_size);
    const auto small = memory->take(400);
    const auto half = memory->take(piece_size / 2);
    EXPECT_EQ(memory->blocks(), 0U);
    std::memset(half.get(), 1, piece_size / 2);
}

TEST(ChunkMemory, goes_with_the_last_piece) {
    auto memory = std::make_shared<ChunkMemory>(piece_size);
    const std::weak_ptr<ChunkMemory> there = memory;
    {
        const auto piece = memory->take(piece_size);
        memory.reset();
        std::memset(piece.get(), 1, piece_size);
        EXPECT_FALSE(there.expired());
    }
    EXPECT_TRUE(there.expired());
}

TEST(ChunkMemory, one_empty_block_stays_and_the_others_go) {
    const auto memory = std::make_shared<ChunkMemory>(piece_size);
    std::vector<ChunkMemory::Piece> pieces;
    for (int i = 0; i < 8 * 5; ++i) pieces.push_back(memory->take(piece_size));
    EXPECT_EQ(memory->blocks(), 5U);
    pieces.clear();
    EXPECT_EQ(memory->blocks(), 1U);
}

TEST(ChunkMemory, chunks_of_any_size) {
    for (const std::size_t size : {std::size_t{65536}, std::size_t{65537}, std::size_t{1'000'000},
                                   (std::size_t{2} << 20U) + 1, std::size_t{16} << 20U}) {
        const auto memory = std::make_shared<ChunkMemory>(size);
        auto a = memory->take(size);
        auto b = memory->take(size);
        std::memset(a.get(), 1, size);
        std::memset(b.get(), 2, size);
        EXPECT_EQ(a.get()[size - 1], std::byte{1});
        EXPECT_EQ(b.get()[0], std::byte{2});
    }
}

// Nobody's bytes are anybody else's, whatever is taken and given back.
TEST(ChunkMemory, pieces_never_overlap) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        std::mt19937 random(seed);
        const auto memory = std::make_shared<ChunkMemory>(65536);
        std::vector<std::pair<ChunkMemory::Piece, std::byte>> held;
        for (int step = 0; step < 2000; ++step) {
            if (!held.empty() && random() % 2 == 0) {
                const std::size_t i = random() % held.size();
                const auto& [piece, mark] = held[i];
                ASSERT_EQ(piece.get()[0], mark) << "seed " << seed;
                ASSERT_EQ(piece.get()[65535], mark) << "seed " << seed;
                std::swap(held[i], held.back());
                held.pop_back();
            } else {
                const auto mark = static_cast<std::byte>(random());
                held.emplace_back(memory->take(65536), mark);
                held.back().first.get()[0] = held.back().first.get()[65535] = mark;
            }
        }
    }
}

TEST(ChunkMemory, many_threads) {
    const auto memory = std::make_shared<ChunkMemory>(65536);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 500; ++i) {
                std::vector<ChunkMemory::Piece> pieces;
                for (int k = 0; k < 5; ++k) {
                    pieces.push_back(memory->take(65536));
                    pieces.back().get()[k] = static_cast<std::byte>(t);
                }
                for (int k = 0; k < 5; ++k)
                    EXPECT_EQ(pieces[static_cast<std::size_t>(k)].get()[k], static_cast<std::byte>(t));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_LE(memory->blocks(), 1U);
}

}  // namespace
}  // namespace wherry::tftp
