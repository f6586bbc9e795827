#include "access/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "unit/access/limited_user.h"

namespace wherry {
namespace {

// A second account book, simple-minded: the sums over all that is open, worked out anew each time.
struct Model {
    struct Upload {
        Reservation reservation;
        std::string user;
        std::uint64_t bytes;
        std::uint64_t files;
    };
    std::map<std::string, Usage> used;
    std::vector<Upload> uploads;

    Usage taken(const std::string& user) const {
        Usage sum = used.at(user);
        for (const Upload& upload : uploads) {
            if (upload.user != user) continue;
            sum.bytes += upload.bytes;
            sum.files += upload.files;
        }
        return sum;
    }
};

class LedgerProperty : public testing::Test {
protected:
    static constexpr std::uint64_t most_bytes = 1000;
    static constexpr std::uint64_t most_files = 12;

    std::uint64_t up_to(std::uint64_t most) { return std::uniform_int_distribution<std::uint64_t>(0, most)(random_); }

    void reserve(const User& user) {
        const std::uint64_t bytes = up_to(400);
        const std::uint64_t files = up_to(1);
        const Usage taken = model_.taken(user.name);
        const bool fits = taken.bytes + std::max<std::uint64_t>(bytes, 1) <= most_bytes &&
                          (files == 0 || taken.files + files <= most_files);
        auto reservation = ledger_.reserve(user, bytes, files);
        ASSERT_EQ(reservation.has_value(), fits);
        if (fits) model_.uploads.push_back({std::move(*reservation), user.name, bytes, files});
    }
    void cover(Model::Upload& upload) {
        const std::uint64_t bytes = up_to(600);
        const bool fits = bytes <= upload.bytes || model_.taken(upload.user).bytes + bytes - upload.bytes <= most_bytes;
        ASSERT_EQ(upload.reservation.cover(bytes).has_value(), fits);
        if (fits) upload.bytes = std::max(upload.bytes, bytes);
    }
    void settle(Model::Upload& upload) {
        Usage& used = model_.used[upload.user];
        // An upload adds at most what it has covered; one that replaces a larger file takes away.
        const std::uint64_t grown = up_to(upload.bytes);
        const std::uint64_t shrunk = up_to(3) == 0 ? up_to(used.bytes) : 0;
        upload.reservation.settle(static_cast<std::int64_t>(grown) - static_cast<std::int64_t>(shrunk),
                                  static_cast<std::int64_t>(upload.files));
        used.bytes += grown;
        used.bytes -= shrunk;
        used.files += upload.files;
        drop(upload);
    }
    void drop(Model::Upload& upload) {
        std::swap(upload, model_.uploads.back());
        model_.uploads.pop_back();
    }
    void remove_a_file(const User& user) {
        Usage& used = model_.used[user.name];
        if (used.files == 0) return;
        const std::uint64_t bytes = up_to(used.bytes);
        ledger_.change(user, -static_cast<std::int64_t>(bytes), -1);
        used.bytes -= bytes;
        --used.files;
    }
    void step(const User& user) {
        const std::uint64_t what = up_to(5);
        if (what <= 1 || model_.uploads.empty()) return reserve(user);
        if (what == 5) return remove_a_file(user);
        Model::Upload& upload = model_.uploads[up_to(model_.uploads.size() - 1)];
        if (what == 2) return cover(upload);
        if (what == 3) return settle(upload);
        drop(upload);
    }
    void check(const User& user) {
        const Usage taken = model_.taken(user.name);
        ASSERT_LE(taken.bytes, most_bytes);
        ASSERT_LE(taken.files, most_files);
        ASSERT_EQ(ledger_.usage(user.name).bytes, model_.used[user.name].bytes);
        ASSERT_EQ(ledger_.usage(user.name).files, model_.used[user.name].files);
    }

    std::mt19937 random_{20260102};
    Ledger ledger_;
    Model model_;
};

TEST_F(LedgerProperty, UsedAndReservedNeverPassTheLimitAndAllComesBack) {
    std::vector<User> users;
    for (const char* name : {"alice", "bob", "carol"}) {
        users.push_back(limited(name, most_bytes, most_files));
        ledger_.load(users.back(), {});
        model_.used[name] = {};
    }
    for (int i = 0; i < 20000; ++i) {
        const User& user = users[up_to(users.size() - 1)];
        step(user);
        check(user);
        if (HasFatalFailure()) FAIL() << "at step " << i;
    }
    model_.uploads.clear();
    for (const User& user : users) {
        const Usage used = ledger_.usage(user.name);
        const std::uint64_t left = most_bytes - used.bytes;
        EXPECT_FALSE(ledger_.reserve(user, left + 1, 0));
        EXPECT_EQ(ledger_.reserve(user, left, most_files - used.files).has_value(), left != 0);
        EXPECT_FALSE(ledger_.reserve(user, left, most_files - used.files + 1));
    }
}

TEST(LedgerStress, ManyThreadsNeverPassTheLimitAndAllComesBack) {
    constexpr std::uint64_t most = 10'000;
    Ledger ledger;
    const User user = limited("alice", most);
    ledger.load(user, {});
    std::atomic<std::uint64_t> taken = 0;  // raised after a reservation, lowered before its end: never above the truth
    std::atomic<std::uint64_t> passed = 0;
    std::atomic<std::uint64_t> settled = 0;
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (unsigned who = 0; who < 4; ++who) {
            threads.emplace_back([&, who] {
                std::mt19937 random(who);
                for (int i = 0; i < 3000; ++i) {
                    auto reservation = ledger.reserve(user, random() % 3000, 1);
                    if (!reservation) continue;
                    const std::uint64_t covered = random() % 4000;
                    if (!reservation->cover(covered)) continue;
                    if ((taken += covered) > most) ++passed;
                    if (ledger.usage("alice").bytes > most) ++passed;
                    taken -= covered;
                    if (random() % 64 != 0) continue;
                    const std::uint64_t grown = std::min<std::uint64_t>(covered, 20);
                    settled += grown;
                    reservation->settle(static_cast<std::int64_t>(grown), 1);
                }
            });
        }
    }
    EXPECT_EQ(passed, 0U);
    EXPECT_EQ(ledger.usage("alice").bytes, settled);
    EXPECT_GT(settled, 0U);
    EXPECT_TRUE(ledger.reserve(user, most - settled, 1));
    EXPECT_FALSE(ledger.reserve(user, most - settled + 1, 1));
}

}  // namespace
}  // namespace wherry
