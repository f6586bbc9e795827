// STAT of a directory: it goes through the control connection, so there is an end to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A directory of so many files that hands out a few at a time, as a store far away may.
class Dribble final : public Filesystem {
public:
    explicit Dribble(std::size_t files) : files_(files) {}
    Result<Stat> stat(const Path& path) override { return Stat{.kind = path.is_root() ? Kind::directory : Kind::file}; }
    Result<FilePtr> open(const Path&, const OpenMode&) override { return fail(Code::unsupported); }
    Result<ListingPtr> list(const Path&, Detail) override { return std::make_unique<Portions>(files_); }

private:
    class Portions final : public Listing {
    public:
        explicit Portions(std::size_t left) : left_(left) {}
        Result<void> next(std::vector<Entry>& out, std::size_t most) override {
            out.clear();
            for (; left_ > 0 && out.size() < std::min<std::size_t>(most, 7); --left_) {
                out.push_back({.name = "file" + std::to_string(left_), .stat = {.kind = Kind::file}});
            }
            return {};
        }

    private:
        std::size_t left_;
    };
    std::size_t files_;
};

std::pair<std::size_t, std::string> shown(std::size_t files) {
    Harness harness;
    harness.files = std::make_shared<Dribble>(files);
    harness.add_user("alice", "x");
    const auto client = harness.connect();
    EXPECT_TRUE(client->log_in("alice", "x"));
    EXPECT_EQ(client->ask("STAT /"), 212);
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = client->last().find(" file", at)) != std::string::npos; ++at) ++lines;
    return {lines, client->last()};
}

// A listing hands out fewer than it is asked for, and that is not its end.
TEST(StatOfADirectory, HasAllEntriesHoweverFewComeAtATime) {
    EXPECT_EQ(shown(0).first, 0U);
    EXPECT_EQ(shown(100).first, 100U);
    EXPECT_THAT(shown(100).second, Not(HasSubstr("and more")));
}

TEST(StatOfADirectory, EndsAtAThousandAndSaysSo) {
    EXPECT_EQ(shown(1000).first, 1000U);
    EXPECT_THAT(shown(1000).second, Not(HasSubstr("and more")));
    EXPECT_EQ(shown(1001).first, 1000U);
    EXPECT_THAT(shown(1001).second, HasSubstr("and more: use LIST"));
    EXPECT_EQ(shown(50'000).first, 1000U);
}

}  // namespace
}  // namespace wherry::testing
