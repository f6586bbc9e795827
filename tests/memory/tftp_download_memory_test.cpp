// How much memory a download by TFTP takes while it runs. A rack of machines that boot is thousands of transfers at the
// same time, and what one of them keeps is what decides how many a small server can have; but nothing else would show
// that a string or a copied struct has come to be kept for each of them. So this program counts what is allocated, in a
// whole server with files of the machine; it is a program of its own because it replaces operator new. What is counted
// is what was asked for, which is the same with and without sanitizers.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "support/temp_folder.h"
#include "testing/tftp_harness.h"

namespace {

constexpr std::size_t head = 16;     // in front of each block, with its size
constexpr std::size_t overhead = 8;  // of a heap for each block, as with glibc

std::atomic<std::int64_t> living{0};

std::int64_t counted(std::size_t size) { return static_cast<std::int64_t>(size + overhead); }

}  // namespace

void* operator new(std::size_t size) {
    void* const block = std::malloc(size + head);
    if (block == nullptr) throw std::bad_alloc();
    *static_cast<std::size_t*>(block) = size;
    living += counted(size);
    return static_cast<std::byte*>(block) + head;
}

void operator delete(void* pointer) noexcept {
    if (pointer == nullptr) return;
    std::byte* const block = static_cast<std::byte*>(pointer) - head;
    living -= counted(*reinterpret_cast<std::size_t*>(block));
    std::free(block);
}

void operator delete(void* pointer, std::size_t) noexcept { operator delete(pointer); }

namespace wherry {
namespace {

using testing::TftpHarness;

constexpr unsigned first_ones = 64;  // after which what all share is there
constexpr unsigned measured = 512;
constexpr std::int64_t limit = 1024;

// Begins a download of its own client's, up to the first window.
void begin_download(TftpHarness& server, unsigned number) {
    const std::string ip = "198.51." + std::to_string(100 + number / 250) + "." + std::to_string(1 + number % 250);
    server.client = net::Address::parse_ip(ip, 2070).value();
    const std::string granted = server.rrq("img", {{"blksize", "1428"}, {"windowsize", "16"}, {"tsize", "0"}});
    ASSERT_EQ(granted, "OACK{blksize=1428,windowsize=16,tsize=1048576}");
    ASSERT_TRUE(server.ack(0).starts_with("DATA(1,1428) DATA(2,1428)"));
    server.sent.clear();
    server.base.tftp_events() = {};  // what the harness remembers is none of the transfer's
    server.base.tftp_requests() = {};
}

TEST(TftpDownloadMemory, IsLessThanAKibibyte) {
    const testing::TempFolder folder;
    folder.write("img", std::string(1048576, 'i'));
    TftpHarness server;
    server.base.files = posix_filesystem(folder.path()).value();
    for (unsigned i = 0; i < first_ones; ++i) begin_download(server, i);
    const std::int64_t before = living;
    for (unsigned i = first_ones; i < first_ones + measured; ++i) begin_download(server, i);
    const std::int64_t each = (living - before) / measured;
    EXPECT_EQ(server.metric(Metric::tftp_transfers), first_ones + measured);
    EXPECT_LT(each, limit);
    EXPECT_GE(each, 300) << "what is counted is not the transfers";
}

}  // namespace
}  // namespace wherry
