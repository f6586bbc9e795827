#include "access/workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "unit/access/access_fixture.h"

namespace wherry {
namespace {

using testing::AccessTest;
using testing::at;
using ::testing::HasSubstr;

// Every function of a workspace as one that says how it went.
struct Deed {
    const char* name;
    const char* letters;  // each of them is needed
    bool changes;
    net::Task<Result<void>> (*act)(Workspace& workspace);
};

template <class T>
Result<void> how(const Result<T>& result) {
    if (!result) return std::unexpected(result.error());
    return {};
}
net::Task<Result<void>> stat(Workspace& w) { co_return how(co_await w.stat(at("/file"))); }
net::Task<Result<void>> entry(Workspace& w) { co_return how(co_await w.entry(at("/file"))); }
net::Task<Result<void>> enter(Workspace& w) { co_return co_await w.enter(at("/dir")); }
net::Task<Result<void>> list(Workspace& w) { co_return how(co_await w.list(at("/dir"), Detail::full)); }
net::Task<Result<void>> end_well(Result<TransferPtr> transfer) {
    if (!transfer) co_return std::unexpected(std::move(transfer.error()));
    co_return co_await (*transfer)->finish(Outcome());
}
net::Task<Result<void>> read(Workspace& w) { co_return co_await end_well(co_await w.open_read(at("/file"), 0)); }
net::Task<Result<void>> write(Workspace& w) { co_return co_await end_well(co_await w.open_write(at("/new"), {})); }
net::Task<Result<void>> append(Workspace& w) {
    WriteRequest request;
    request.mode = WriteRequest::Mode::append;
    co_return co_await end_well(co_await w.open_write(at("/file"), request));
}
net::Task<Result<void>> make_directory(Workspace& w) { co_return co_await w.make_directory(at("/made")); }
net::Task<Result<void>> remove_directory(Workspace& w) { co_return co_await w.remove_directory(at("/empty")); }
net::Task<Result<void>> remove_file(Workspace& w) { co_return co_await w.remove_file(at("/file")); }
net::Task<Result<void>> may_rename(Workspace& w) { co_return co_await w.may_rename(at("/file")); }
net::Task<Result<void>> rename(Workspace& w) { co_return co_await w.rename(at("/file"), at("/renamed")); }
net::Task<Result<void>> set_mode(Workspace& w) { co_return co_await w.set_mode(at("/file"), 0640); }
net::Task<Result<void>> set_modified(Workspace& w) { co_return co_await w.set_modified(at("/file"), 1'000'000'000); }

constexpr Deed deeds[] = {
    {"stat", "l", false, &stat},
    {"entry", "l", false, &entry},
    {"enter", "e", false, &enter},
    {"list", "l", false, &list},
    {"open_read", "r", false, &read},
    {"open_write", "w", true, &write},
    {"append", "a", true, &append},
    {"make_directory", "m", true, &make_directory},
    {"remove_directory", "d", true, &remove_directory},
    {"remove_file", "d", true, &remove_file},
    {"may_rename", "f", false, &may_rename},
    {"rename", "f", true, &rename},
    {"set_mode", "M", true, &set_mode},
    {"set_modified", "T", true, &set_modified},
};
void PrintTo(const Deed& deed, std::ostream* out) { *out << deed.name; }

class EveryDeed : public AccessTest, public ::testing::WithParamInterface<Deed> {
protected:
    EveryDeed() {
        harness.put("/file", "content");
        static_cast<void>(harness.files->make_directory(at("/dir"), 0777));
        static_cast<void>(harness.files->make_directory(at("/empty"), 0777));
    }
    static Perm all_but(std::string_view letters) {
        std::string rest;
        for (const char c : std::string_view("elradfmwMT")) {
            if (!letters.contains(c)) rest += c;
        }
        return Perm(rest);
    }
    void expect_nothing_changed() {
        EXPECT_EQ(harness.content("/file"), "content");
        EXPECT_TRUE(harness.exists("/empty"));
        EXPECT_FALSE(harness.exists("/new") || harness.exists("/made") || harness.exists("/renamed"));
        EXPECT_NE(harness.files->stat(at("/file"))->mode & 0777U, 0640U);
        EXPECT_NE(harness.files->stat(at("/file"))->modified, 1'000'000'000);
    }
};
INSTANTIATE_TEST_SUITE_P(Workspace, EveryDeed, ::testing::ValuesIn(deeds),
                         [](const auto& each) { return each.param.name; });

TEST_P(EveryDeed, NeedsItsLetterAndNoOther) {
    user.permissions = Perm(GetParam().letters);
    const auto done = run(GetParam().act(workspace()));
    EXPECT_TRUE(done) << done.error().message;
}

TEST_P(EveryDeed, WithoutItsLetterIsDeniedBeforeTheFilesystemIsAsked) {
    user.permissions = all_but(GetParam().letters);
    faulty->heal();
    const auto done = run(GetParam().act(workspace()));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::denied);
    EXPECT_THAT(done.error().message, HasSubstr("alice has no permission '" + std::string(GetParam().letters) + "'"));
    EXPECT_EQ(faulty->operations(), 0U);
    EXPECT_TRUE(harness.events().empty());
    expect_nothing_changed();
}

TEST_P(EveryDeed, IsSubjectToTheRuleOfTheDirectory) {
    user.permissions = perm::none;
    user.rules = {{Path(), perm::all, true}};
    const auto done = run(GetParam().act(workspace()));
    EXPECT_TRUE(done) << done.error().message;
}

TEST_P(EveryDeed, OnAReadOnlyFilesystemOnlyLooks) {
    user.filesystem = read_only_filesystem(harness.files);
    const auto done = run(GetParam().act(workspace()));
    EXPECT_EQ(done.has_value(), !GetParam().changes);
    if (!GetParam().changes) return;
    EXPECT_EQ(done.error().code, Code::read_only);
    EXPECT_TRUE(harness.events().empty());
    expect_nothing_changed();
}

// Whatever operation of the filesystem fails first: an error comes back, no file stays open, nobody is told of a
// change.
TEST_P(EveryDeed, FailsCleanlyWhereverTheFilesystemFails) {
    workspace();
    bool failed_once = false;
    for (std::uint64_t nth = 0; nth < 20; ++nth) {
        faulty->fail_at(nth, Code::io);
        const std::size_t events = harness.events().size();
        const auto done = run(GetParam().act(workspace()));
        EXPECT_EQ(faulty->open_files(), 0U);
        EXPECT_EQ(metric(Metric::transfers), 0);
        if (done) {
            EXPECT_TRUE(failed_once);
            return;
        }
        failed_once = true;
        EXPECT_EQ(done.error().code, Code::io);
        for (std::size_t i = events; i < harness.events().size(); ++i) {
            const Event& event = harness.events()[i];
            const auto* sent = std::get_if<event::Sent>(&event);
            const auto* received = std::get_if<event::Received>(&event);
            ASSERT_TRUE(sent != nullptr || received != nullptr);
            EXPECT_FALSE(sent != nullptr ? sent->complete() : received->complete());
        }
    }
    FAIL() << "never passed";
}

// --- rules ---------------------------------------------------------------------------------------

class WorkspaceTest : public AccessTest {};

TEST_F(WorkspaceTest, TheRuleOfTheLongestDirectoryHolds) {
    user.permissions = perm::read;
    user.rules = {{at("/in"), Perm("elw"), true}, {at("/in/closed"), perm::none, true}, {at("/top"), perm::all, false}};
    const Workspace& w = workspace();
    EXPECT_TRUE(w.may(at("/in/x"), 'w') && !w.may(at("/in/x"), 'r'));
    EXPECT_FALSE(w.may(at("/in/closed/x"), 'l') || w.may(at("/in/closed"), 'e'));
    EXPECT_TRUE(w.may(at("/inside/x"), 'r') && !w.may(at("/inside/x"), 'w'));
    EXPECT_TRUE(w.may(at("/top/x"), 'w') && !w.may(at("/top/sub/x"), 'w'));
    EXPECT_EQ(w.permissions(at("/elsewhere")), perm::read);
}

TEST_F(WorkspaceTest, RenamingNeedsTheLetterAtBothEnds) {
    harness.put("/a", "1");
    static_cast<void>(harness.files->make_directory(at("/keep"), 0777));
    user.rules = {{at("/keep"), perm::read, true}};
    EXPECT_EQ(run(workspace().rename(at("/a"), at("/keep/a"))).error().code, Code::denied);
    harness.put("/keep/b", "2");
    EXPECT_EQ(run(workspace().rename(at("/keep/b"), at("/b"))).error().code, Code::denied);
    EXPECT_TRUE(harness.exists("/a") && harness.exists("/keep/b"));
}

TEST_F(WorkspaceTest, TheRootIsNotRenamed) {
    EXPECT_EQ(run(workspace().may_rename(Path())).error().code, Code::denied);
    EXPECT_EQ(run(workspace().may_rename(at("/none"))).error().code, Code::not_found);
}

TEST_F(WorkspaceTest, OnlyDirectoriesAreEntered) {
    harness.put("/file", "x");
    EXPECT_EQ(run(workspace().enter(at("/file"))).error().code, Code::not_directory);
    EXPECT_EQ(run(workspace().enter(at("/none"))).error().code, Code::not_found);
    EXPECT_TRUE(run(workspace().enter(Path())));
}

TEST_F(WorkspaceTest, ModesAreCutToWhatAClientMaySet) {
    harness.put("/file", "x");
    EXPECT_TRUE(run(workspace().set_mode(at("/file"), 07755)));
    EXPECT_EQ(harness.files->stat(at("/file"))->mode & 07777U, 0755U);
    ASSERT_EQ(told<event::ModeChanged>().size(), 1U);
    EXPECT_EQ(told<event::ModeChanged>()[0].mode, 0755U);
}

// --- guards --------------------------------------------------------------------------------------

TEST_F(WorkspaceTest, GuardsRefuseBeforeAnythingHappens) {
    harness.put("/file", "content");
    static_cast<void>(harness.files->make_directory(at("/dir"), 0777));
    int asked = 0;
    const auto refuse = [&asked](const auto& action) {
        ++asked;
        EXPECT_EQ(action.session.id, 7U);
        return Verdict::refuse("not today");
    };
    harness.guards.add<action::Download>(refuse);
    harness.guards.add<action::Upload>(refuse);
    harness.guards.add<action::List>(refuse);
    harness.guards.add<action::MakeDirectory>(refuse);
    harness.guards.add<action::RemoveDirectory>(refuse);
    harness.guards.add<action::RemoveFile>(refuse);
    harness.guards.add<action::Rename>(refuse);
    harness.guards.add<action::ChangeMode>(refuse);
    harness.guards.add<action::ChangeTime>(refuse);
    Workspace& w = workspace();
    const auto refused = [](const auto& result) {
        return !result && result.error().code == Code::denied && result.error().message.contains("not today");
    };
    EXPECT_TRUE(refused(run(w.open_read(at("/file"), 0))));
    EXPECT_TRUE(refused(run(w.open_write(at("/new"), {}))));
    EXPECT_TRUE(refused(run(w.list(at("/dir"), Detail::names))));
    EXPECT_TRUE(refused(run(w.make_directory(at("/made")))));
    EXPECT_TRUE(refused(run(w.remove_directory(at("/dir")))));
    EXPECT_TRUE(refused(run(w.remove_file(at("/file")))));
    EXPECT_TRUE(refused(run(w.rename(at("/file"), at("/b")))));
    EXPECT_TRUE(refused(run(w.set_mode(at("/file"), 0600))));
    EXPECT_TRUE(refused(run(w.set_modified(at("/file"), 1))));
    EXPECT_EQ(asked, 9);
    EXPECT_EQ(harness.content("/file"), "content");
    EXPECT_TRUE(harness.exists("/dir") && !harness.exists("/new") && !harness.exists("/made"));
    EXPECT_TRUE(harness.events().empty());
    EXPECT_EQ(metric(Metric::transfers), 0);
}

// --- telling -------------------------------------------------------------------------------------

TEST_F(WorkspaceTest, EachChangeIsToldOnce) {
    harness.put("/file", "content");
    Workspace& w = workspace();
    EXPECT_TRUE(run(w.make_directory(at("/d"))));
    EXPECT_TRUE(run(w.set_modified(at("/file"), 1'000'000'000)));
    EXPECT_TRUE(run(w.rename(at("/file"), at("/d/file"))));
    EXPECT_TRUE(run(w.remove_file(at("/d/file"))));
    EXPECT_TRUE(run(w.remove_directory(at("/d"))));
    EXPECT_EQ(harness.events().size(), 5U);
    ASSERT_EQ(told<event::Renamed>().size(), 1U);
    EXPECT_EQ(told<event::Renamed>()[0].to.text(), "/d/file");
    EXPECT_EQ(told<event::Renamed>()[0].session.user, "alice");
    ASSERT_EQ(told<event::TimeChanged>().size(), 1U);
    EXPECT_EQ(told<event::TimeChanged>()[0].modified, 1'000'000'000);
    EXPECT_EQ(told<event::DirectoryMade>().size(), 1U);
    EXPECT_EQ(told<event::FileRemoved>().size(), 1U);
    EXPECT_EQ(told<event::DirectoryRemoved>().size(), 1U);
}

// --- permits, policy, quota ----------------------------------------------------------------------

TEST_F(WorkspaceTest, ATransferHoldsAPermitUntilItsEnd) {
    harness.put("/file", "content");
    harness.limits.transfers = 1;
    Workspace& w = workspace();
    auto first = run(w.open_read(at("/file"), 0));
    ASSERT_TRUE(first);
    EXPECT_EQ(run(w.open_read(at("/file"), 0)).error().code, Code::busy);
    EXPECT_EQ(run(w.open_write(at("/new"), {})).error().code, Code::busy);
    EXPECT_FALSE(harness.exists("/new"));
    EXPECT_TRUE(run((*first)->finish(Outcome())));
    EXPECT_TRUE(run(w.open_read(at("/file"), 0)));
}

TEST_F(WorkspaceTest, AFailedOpeningKeepsNoPermit) {
    harness.limits.transfers = 1;
    Workspace& w = workspace();
    EXPECT_EQ(run(w.open_read(at("/none"), 0)).error().code, Code::not_found);
    EXPECT_EQ(run(w.open_write(at("/no/such"), {})).error().code, Code::not_found);
    EXPECT_TRUE(run(w.open_write(at("/new"), {})));
}

TEST_F(WorkspaceTest, NothingBeginsBehindTheEndOfAFile) {
    harness.put("/file", "content");
    Workspace& w = workspace();
    EXPECT_EQ(run(w.open_read(at("/file"), 8)).error().code, Code::invalid);
    EXPECT_TRUE(run(w.open_read(at("/file"), 7)));
    WriteRequest beyond;
    beyond.offset = 8;
    EXPECT_EQ(run(w.open_write(at("/file"), beyond)).error().code, Code::invalid);
    EXPECT_EQ(run(w.open_write(at("/none"), beyond)).error().code, Code::invalid);
    EXPECT_EQ(faulty->open_files(), 0U);
    EXPECT_EQ(harness.content("/file"), "content");
}

TEST_F(WorkspaceTest, WithoutOverwritingOnlyNewNamesAreWritten) {
    harness.put("/file", "content");
    harness.put("/other", "other");
    harness.uploads.overwrite = false;
    Workspace& w = workspace();
    EXPECT_EQ(run(w.open_write(at("/file"), {})).error().code, Code::exists);
    EXPECT_EQ(run(w.rename(at("/other"), at("/file"))).error().code, Code::exists);
    EXPECT_TRUE(run(w.open_write(at("/new"), {})));
    EXPECT_EQ(harness.content("/file"), "content");
}

// A store that notes how files were opened and what was announced, and has room for a thousand bytes.
class NotingFilesystem final : public Filesystem {
public:
    explicit NotingFilesystem(FilesystemPtr inner) : inner_(std::move(inner)) {}
    Result<Stat> stat(const Path& path) override { return inner_->stat(path); }
    Result<ListingPtr> list(const Path& path, Detail detail) override { return inner_->list(path, detail); }
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override {
        offsets.push_back(mode.offset);
        auto file = inner_->open(path, mode);
        if (!file) return file;
        return std::make_unique<Noting>(*this, std::move(*file));
    }

    std::vector<std::uint64_t> offsets;
    std::vector<std::uint64_t> allocated;
    std::vector<Code> failures;
    int closed = 0;

private:
    class Noting final : public File {
    public:
        Noting(NotingFilesystem& notes, FilePtr inner) : notes_(notes), inner_(std::move(inner)) {}
        Result<Stat> stat() override { return inner_->stat(); }
        Result<void> allocate(std::uint64_t size) override {
            notes_.allocated.push_back(size);
            if (size > 1000) return refuse(Code::quota, "a thousand bytes are enough");
            return {};
        }
        void failed(Code cause) override {
            notes_.failures.push_back(cause);
            inner_->failed(cause);
        }
        Result<void> close() override {
            ++notes_.closed;
            return inner_->close();
        }

    private:
        NotingFilesystem& notes_;
        FilePtr inner_;
    };
    FilesystemPtr inner_;
};

TEST_F(WorkspaceTest, TheFilesystemHearsWhereATransferBegins) {
    harness.put("/file", "0123456789");
    const auto notes = std::make_shared<NotingFilesystem>(harness.files);
    user.filesystem = notes;
    Workspace& w = workspace();
    EXPECT_TRUE(run(end_well(run(w.open_read(at("/file"), 4)))));
    EXPECT_TRUE(run(end_well(run(w.open_write(at("/file"), {.offset = 7})))));
    EXPECT_TRUE(run(end_well(run(w.open_write(at("/file"), {.mode = WriteRequest::Mode::append})))));
    EXPECT_TRUE(run(end_well(run(w.open_write(at("/file"), {})))));
    EXPECT_EQ(notes->offsets, (std::vector<std::uint64_t>{4, 7, 10, 0}));
    EXPECT_TRUE(notes->allocated.empty()) << "nothing was announced";
}

TEST_F(WorkspaceTest, WhatIsAnnouncedIsAllocatedBeforeTheFirstByte) {
    harness.put("/file", "0123456789");
    const auto notes = std::make_shared<NotingFilesystem>(harness.files);
    user.filesystem = notes;
    Workspace& w = workspace();
    EXPECT_TRUE(run(end_well(run(w.open_write(at("/file"), {.offset = 7, .announced = 30})))));
    const auto refused = run(w.open_write(at("/new"), {.announced = 1001}));
    EXPECT_EQ(refused.error().code, Code::quota);
    EXPECT_EQ(refused.error().message, "a thousand bytes are enough");
    const auto most = std::numeric_limits<std::uint64_t>::max();
    EXPECT_FALSE(run(w.open_write(at("/file"), {.offset = 7, .announced = most})));
    EXPECT_EQ(notes->allocated, (std::vector<std::uint64_t>{37, 1001, most}));
    EXPECT_EQ(notes->failures, (std::vector<Code>{Code::quota, Code::quota}));
    EXPECT_EQ(notes->closed, 3) << "those that were refused as well";
}

TEST_F(WorkspaceTest, AnnouncedBytesMustFitTheQuota) {
    harness.put("/file", "0123456789");
    user.limits.storage = 100;
    Workspace& w = workspace();
    WriteRequest large;
    large.announced = 91;
    EXPECT_EQ(run(w.open_write(at("/new"), large)).error().code, Code::quota);
    EXPECT_FALSE(harness.exists("/new"));
    EXPECT_EQ(run(w.room_for(at("/new"), 91)).error().code, Code::quota);
    EXPECT_TRUE(run(w.room_for(at("/new"), 90)));
    EXPECT_TRUE(run(w.remove_file(at("/file"))));
    EXPECT_TRUE(run(w.room_for(at("/new"), 100)));
}

// An upload that is to write in place, and only from its first byte on.
WriteRequest late() {
    WriteRequest request;
    request.atomic = false;
    request.truncate_late = true;
    return request;
}

TEST_F(WorkspaceTest, WhatIsInPlaceStaysUntilTheFirstByte) {
    harness.put("/file", "0123456789");
    user.limits.storage = 100;
    Workspace& w = workspace();
    auto broken = run(w.open_write(at("/file"), late())).value();
    EXPECT_FALSE(run(broken->finish(Outcome::network(Code::timeout))));
    EXPECT_EQ(harness.content("/file"), "0123456789");
    EXPECT_EQ(run(w.usage())->bytes, 10U);
    auto stored = run(w.open_write(at("/file"), late())).value();
    EXPECT_TRUE(run(stored->write_at(0, std::as_bytes(std::span("abc", 3)))));
    EXPECT_TRUE(run(stored->finish(Outcome())));
    EXPECT_EQ(harness.content("/file"), "abc");
    EXPECT_EQ(run(w.usage())->bytes, 3U);
    auto empty = run(w.open_write(at("/file"), late())).value();
    EXPECT_TRUE(run(empty->finish(Outcome())));
    EXPECT_EQ(harness.content("/file"), "");
    EXPECT_EQ(run(w.usage())->bytes, 0U);
}

TEST_F(WorkspaceTest, WhatCouldNotBeCutIsNotStored) {
    harness.put("/file", "0123456789");
    auto stored = run(workspace().open_write(at("/file"), late())).value();
    faulty->fail_at(0, Code::io);  // cutting it is what comes next: not a byte was sent
    const auto ended = run(stored->finish(Outcome()));
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, Code::io);
    EXPECT_EQ(harness.content("/file"), "0123456789");
}

TEST_F(WorkspaceTest, AFileMadeForAnUploadThatNeverBeganGoesAgain) {
    user.limits.files = 10;
    Workspace& w = workspace();
    auto broken = run(w.open_write(at("/new"), late())).value();
    EXPECT_TRUE(harness.exists("/new"));
    EXPECT_FALSE(run(broken->finish(Outcome::network(Code::timeout))));
    EXPECT_FALSE(harness.exists("/new"));
    EXPECT_EQ(run(w.usage())->files, 0U);
}

}  // namespace
}  // namespace wherry
