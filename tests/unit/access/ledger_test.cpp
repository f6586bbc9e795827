#include "access/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "unit/access/limited_user.h"

namespace wherry {
namespace {

Code code_of(const Result<Reservation>& result) { return result ? Code::ok : result.error().code; }

TEST(Ledger, AUserWithoutQuotaIsReadyAndFreeOfCharge) {
    Ledger ledger;
    const User user = limited("alice", 0);
    EXPECT_TRUE(ledger.ready(user));
    auto reservation = ledger.reserve(user, 1'000'000, 1);
    ASSERT_TRUE(reservation);
    EXPECT_FALSE(*reservation);
    EXPECT_TRUE(reservation->cover(UINT64_MAX));
    reservation->settle(5, 1);
    ledger.change(user, 5, 1);
    EXPECT_EQ(ledger.usage("alice").bytes, 0U);
}

TEST(Ledger, AUserWithAQuotaMustBeLoadedFirst) {
    Ledger ledger;
    const User user = limited("alice", 100);
    EXPECT_FALSE(ledger.ready(user));
    EXPECT_EQ(code_of(ledger.reserve(user, 1, 1)), Code::internal);
    ledger.load(user, {40, 2});
    EXPECT_TRUE(ledger.ready(user));
    EXPECT_EQ(ledger.usage("alice").bytes, 40U);
    EXPECT_EQ(ledger.usage("alice").files, 2U);
    EXPECT_TRUE(ledger.reserve(user, 60, 1));
}

TEST(Ledger, TheFirstLoadCounts) {
    Ledger ledger;
    const User user = limited("alice", 100);
    ledger.load(user, {40, 1});
    ledger.change(user, 10, 1);
    ledger.load(user, {40, 1});
    EXPECT_EQ(ledger.usage("alice").bytes, 50U);
}

TEST(Ledger, UploadsAtOnceCannotPassTheLimitTogether) {
    Ledger ledger;
    const User user = limited("alice", 100);
    ledger.load(user, {});
    auto one = ledger.reserve(user, 60, 1);
    ASSERT_TRUE(one);
    EXPECT_TRUE(*one);
    EXPECT_EQ(code_of(ledger.reserve(user, 60, 1)), Code::quota);
    auto two = ledger.reserve(user, 40, 1);
    ASSERT_TRUE(two);
    EXPECT_EQ(ledger.usage("alice").bytes, 0U) << "reserved is not used";
    EXPECT_EQ(code_of(ledger.reserve(user, 0, 0)), Code::quota) << "no room for a single byte";
    one->settle(55, 1);
    EXPECT_EQ(ledger.usage("alice").bytes, 55U);
    EXPECT_EQ(code_of(ledger.reserve(user, 6, 1)), Code::quota);
    EXPECT_TRUE(ledger.reserve(user, 5, 1));
}

TEST(Ledger, FilesHaveALimitOfTheirOwn) {
    Ledger ledger;
    const User user = limited("alice", 0, 2);
    ledger.load(user, {1000, 1});
    auto one = ledger.reserve(user, 1 << 30, 1);
    ASSERT_TRUE(one);
    const auto two = ledger.reserve(user, 0, 1);
    EXPECT_EQ(code_of(two), Code::quota);
    EXPECT_EQ(two.error().message, "quota of files");
    EXPECT_TRUE(ledger.reserve(user, 1, 0)) << "overwriting a file makes none";
    one->settle(1 << 30, 0);
    EXPECT_TRUE(ledger.reserve(user, 0, 1));
}

TEST(Ledger, CoverGrowsAndFailsAtTheLimitKeepingWhatItHas) {
    Ledger ledger;
    const User user = limited("alice", 100);
    ledger.load(user, {});
    auto reservation = ledger.reserve(user, 0, 1);
    ASSERT_TRUE(reservation);
    EXPECT_TRUE(reservation->cover(70));
    EXPECT_TRUE(reservation->cover(30)) << "less than is reserved already";
    EXPECT_EQ(code_of(ledger.reserve(user, 31, 1)), Code::quota);
    const auto more = reservation->cover(101);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Code::quota);
    EXPECT_FALSE(reservation->cover(UINT64_MAX));
    EXPECT_EQ(code_of(ledger.reserve(user, 31, 1)), Code::quota) << "a failed cover gives nothing back";
    EXPECT_TRUE(reservation->cover(100));
}

TEST(Ledger, DroppedUnsettledEverythingComesBack) {
    Ledger ledger;
    const User user = limited("alice", 100, 1);
    ledger.load(user, {});
    {
        auto reservation = ledger.reserve(user, 50, 1);
        ASSERT_TRUE(reservation && reservation->cover(100));
    }
    EXPECT_EQ(ledger.usage("alice").bytes, 0U);
    EXPECT_TRUE(ledger.reserve(user, 100, 1));
}

TEST(Reservation, IsGivenBackExactlyOnceHoweverItIsMoved) {
    Ledger ledger;
    const User user = limited("alice", 100, 10);
    ledger.load(user, {});
    auto taken = ledger.reserve(user, 60, 1);
    ASSERT_TRUE(taken);
    Reservation first = std::move(*taken);
    EXPECT_FALSE(*taken);  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
    taken->settle(10, 1);
    EXPECT_EQ(ledger.usage("alice").bytes, 0U);
    auto second = ledger.reserve(user, 40, 1);
    ASSERT_TRUE(second);
    first = std::move(*second);  // gives back the 60
    EXPECT_TRUE(ledger.reserve(user, 60, 1));
    Reservation& same = first;
    first = std::move(same);
    EXPECT_EQ(code_of(ledger.reserve(user, 61, 1)), Code::quota);
    first.settle(40, 1);
    first.settle(40, 1);
    EXPECT_EQ(ledger.usage("alice").bytes, 40U);
    EXPECT_FALSE(first);
}

TEST(Ledger, UsageNeverGoesBelowZeroOrWraps) {
    Ledger ledger;
    const User user = limited("alice", 100);
    ledger.load(user, {10, 1});
    ledger.change(user, -11, -2);
    EXPECT_EQ(ledger.usage("alice").bytes, 0U);
    EXPECT_EQ(ledger.usage("alice").files, 0U);
    ledger.change(user, INT64_MIN, INT64_MIN);
    EXPECT_EQ(ledger.usage("alice").bytes, 0U);
    for (int i = 0; i < 3; ++i) ledger.change(user, INT64_MAX, 0);
    EXPECT_EQ(ledger.usage("alice").bytes, UINT64_MAX);
    EXPECT_EQ(code_of(ledger.reserve(user, 1, 1)), Code::quota);
}

TEST(Ledger, HugeNumbersDoNotWrapAroundTheLimit) {
    Ledger ledger;
    const User user = limited("alice", UINT64_MAX);
    ledger.load(user, {10, 1});
    auto reservation = ledger.reserve(user, UINT64_MAX - 20, 1);
    ASSERT_TRUE(reservation);
    EXPECT_EQ(code_of(ledger.reserve(user, UINT64_MAX, 1)), Code::quota);
    EXPECT_FALSE(reservation->cover(UINT64_MAX));
    EXPECT_TRUE(reservation->cover(UINT64_MAX - 10));
}

TEST(Ledger, UsedAndReservedTogetherMayBeMoreThanANumberHolds) {
    Ledger ledger;
    const User user = limited("alice", 0, 10);
    ledger.load(user, {10, 1});
    const auto reservation = ledger.reserve(user, UINT64_MAX - 20, 1);
    ASSERT_TRUE(reservation);
    ledger.change(user, 25, 0);
    EXPECT_EQ(code_of(ledger.reserve(limited("alice", 100), 1, 0)), Code::quota);
}

TEST(Ledger, ALimitThatWasLoweredHoldsFromTheNextReservation) {
    Ledger ledger;
    ledger.load(limited("alice", 100), {80, 1});
    EXPECT_EQ(code_of(ledger.reserve(limited("alice", 50), 0, 0)), Code::quota);
    EXPECT_TRUE(ledger.reserve(limited("alice", 200), 120, 0));
}

TEST(Ledger, AQuotaTakenAwayAndGivenAgainFindsTheAccountRight) {
    Ledger ledger;
    ledger.load(limited("alice", 100), {80, 1});
    auto unlimited = ledger.reserve(limited("alice", 0), 1000, 1);
    ASSERT_TRUE(unlimited);
    unlimited->settle(1000, 1);
    EXPECT_EQ(ledger.usage("alice").bytes, 1080U);
    EXPECT_EQ(code_of(ledger.reserve(limited("alice", 1080), 1, 1)), Code::quota);
}

// --- measure ---------------------------------------------------------------------------------------------------------

// A tree given by a function from a directory to its entries; `broken` answers with an error instead.
class MadeUpTree : public Filesystem {
public:
    using Content = std::function<std::vector<Entry>(const Path&)>;
    explicit MadeUpTree(Content content) : content_(std::move(content)) {}
    std::map<Path, Code> broken;
    std::size_t listings = 0;
    std::size_t most_listings = 0;

    Result<Stat> stat(const Path&) override { return fail(Code::unsupported); }
    Result<ListingPtr> list(const Path& path, Detail detail) override {
        EXPECT_EQ(detail, Detail::full);
        if (const auto found = broken.find(path); found != broken.end()) return fail(found->second, "list");
        return std::make_unique<Open>(*this, content_(path));
    }
    Result<FilePtr> open(const Path&, const OpenMode&) override { return fail(Code::unsupported); }

private:
    class Open : public Listing {
    public:
        Open(MadeUpTree& tree, std::vector<Entry> entries) : tree_(tree), entries_(std::move(entries)) {
            tree_.most_listings = std::max(tree_.most_listings, ++tree_.listings);
        }
        ~Open() override { --tree_.listings; }
        Result<void> next(std::vector<Entry>& out, std::size_t most) override {
            out.clear();
            while (next_ < entries_.size() && out.size() < most) out.push_back(entries_[next_++]);
            return {};
        }

    private:
        MadeUpTree& tree_;
        std::vector<Entry> entries_;
        std::size_t next_ = 0;
    };
    Content content_;
};

Entry file(const std::string& name, std::uint64_t size) { return {name, Stat::file(size), ""}; }
Entry folder(const std::string& name) { return {name, Stat::directory(), ""}; }
Entry link(const std::string& name) {
    Entry entry = file(name, 11);
    entry.stat.kind = Kind::symlink;
    return entry;
}

TEST(LedgerMeasure, CountsFilesOfAllLevelsAndNothingElse) {
    MadeUpTree tree([](const Path& path) -> std::vector<Entry> {
        if (path.is_root()) return {file("a", 10), folder("d"), link("l"), file("b", 5)};
        if (path.text() == "/d") return {folder("e"), file("c", 100)};
        return {file("f", 1000)};
    });
    const auto usage = Ledger::measure(tree);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->bytes, 1115U);
    EXPECT_EQ(usage->files, 4U);
    EXPECT_EQ(tree.listings, 0U);
    EXPECT_EQ(tree.most_listings, 3U);
}

TEST(LedgerMeasure, DirectoriesOfManyBatchesAreReadToTheEnd) {
    MadeUpTree tree([](const Path&) {
        std::vector<Entry> entries;
        entries.reserve(12345);
        for (int i = 0; i < 12345; ++i) entries.push_back(file("f" + std::to_string(i), 2));
        return entries;
    });
    const auto usage = Ledger::measure(tree);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->bytes, 24690U);
    EXPECT_EQ(usage->files, 12345U);
}

TEST(LedgerMeasure, PassesOverWhatIsGoneOrClosedButNotOverATrouble) {
    MadeUpTree tree([](const Path& path) -> std::vector<Entry> {
        if (path.is_root()) return {folder("gone"), folder("closed"), file("a", 1)};
        return {file("b", 10)};
    });
    tree.broken = {{*Path::resolve("/gone"), Code::not_found}, {*Path::resolve("/closed"), Code::denied}};
    const auto usage = Ledger::measure(tree);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->bytes, 1U);
    tree.broken[*Path::resolve("/closed")] = Code::io;
    const auto trouble = Ledger::measure(tree);
    ASSERT_FALSE(trouble);
    EXPECT_EQ(trouble.error().code, Code::io);
    EXPECT_EQ(tree.listings, 0U);
}

TEST(LedgerMeasure, ATreeThatIsNotThereHoldsNothing) {
    MadeUpTree tree([](const Path&) { return std::vector<Entry>{}; });
    tree.broken = {{Path(), Code::not_found}};
    const auto usage = Ledger::measure(tree);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->files, 0U);
}

TEST(LedgerMeasure, ATreeTooDeepIsRefused) {
    std::size_t depth = Ledger::most_levels - 1;
    MadeUpTree tree(
        [&](const Path& path) { return std::vector<Entry>{path.depth() < depth ? folder("d") : file("f", 7)}; });
    const auto deepest = Ledger::measure(tree);
    ASSERT_TRUE(deepest);
    EXPECT_EQ(deepest->bytes, 7U);
    EXPECT_EQ(tree.most_listings, Ledger::most_levels);
    ++depth;
    const auto deeper = Ledger::measure(tree);
    ASSERT_FALSE(deeper);
    EXPECT_EQ(deeper.error().code, Code::unsupported);
    EXPECT_EQ(tree.listings, 0U);
}

}  // namespace
}  // namespace wherry
