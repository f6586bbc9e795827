// MFCT over a filesystem that can set when a file was made (draft-somers-ftp-mfxx 3.2); none of ours can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/files.h"
#include "testing/harness.h"

namespace wherry::testing {
namespace {

class Registry final : public Filesystem {
public:
    Result<Stat> stat(const Path& path) override { return path.is_root() ? Stat::directory() : Stat::file(0); }
    Result<ListingPtr> list(const Path& /*path*/, Detail /*detail*/) override { return memory_listing({}); }
    Result<FilePtr> open(const Path& path, const OpenMode& /*mode*/) override {
        return fail(Code::denied, path.string());
    }
    Result<void> set_created(const Path& path, std::int64_t seconds) override {
        made.emplace_back(path.text(), seconds);
        return {};
    }
    std::vector<std::pair<std::string, std::int64_t>> made;
};

TEST(TimeOfCreation, is_set_where_the_filesystem_can) {
    Harness harness;
    const auto registry = std::make_shared<Registry>();
    harness.files = mount_filesystem({{"/deeds"_p, filtered_filesystem(registry, {.deny = {"secret"}})}});
    bool told = false;
    harness.guards.add<action::ChangeTime>([&](const action::ChangeTime& change) {
        told = change.created;
        return change.path == "/deeds/sealed"_p ? Verdict::refuse("sealed") : Verdict::allow();
    });
    harness.add_user("alice", "x");
    const auto client = harness.connect();
    ASSERT_TRUE(client->log_in("alice", "x"));
    EXPECT_EQ(client->ask("MFCT 20010909014640 deeds/one and a half"), 213);
    EXPECT_EQ(client->last(), "213 Create=20010909014640; /deeds/one and a half");
    EXPECT_TRUE(told);
    EXPECT_THAT(registry->made, ::testing::ElementsAre(std::pair("/one and a half", 1'000'000'000)));
    EXPECT_EQ(client->ask("MFCT 20010909014640 deeds/sealed"), 550);
    EXPECT_EQ(client->ask("MFCT 20010909014640 deeds/secret"), 553);
    EXPECT_EQ(client->ask("MFMT 20010909014640 deeds/one"), 550);
    EXPECT_FALSE(told);
    EXPECT_EQ(registry->made.size(), 1U);
}

}  // namespace
}  // namespace wherry::testing
