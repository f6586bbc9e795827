// The uploads of the filesystem contract: when what is written gets its name, and what is left when it does not.
#include "contract/filesystem_contract.h"

namespace wherry::testing {

namespace {

OpenMode keeping() {
    OpenMode mode = uploading();
    mode.keep_partial = true;
    return mode;
}

OpenMode exclusively() {
    OpenMode mode = uploading();
    mode.exclusive = true;
    return mode;
}

OpenMode appending() { return {.write = true, .create = true, .atomic = true}; }

using Names = std::set<std::string>;

}  // namespace

TEST_P(FilesystemContract, PlainUploadIsSeenWhileItComes) {
    const FilePtr file = open("/a", OpenMode::for_writing());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    EXPECT_EQ(get("/a"), "half");
    EXPECT_TRUE(file->close());
}

TEST_P(FilesystemContract, PlainUploadThatFailedKeepsWhatCame) {
    FilePtr file = open("/a", OpenMode::for_writing());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file->failed(Code::reset);
    EXPECT_EQ(code_of(file->close()), Code::reset);
    EXPECT_EQ(get("/a"), "half");
    file = open("/b", OpenMode::for_writing());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file.reset();
    EXPECT_EQ(get("/b"), "half");
}

TEST_P(FilesystemContract, DownloadThatFailedClosesWell) {
    EXPECT_EQ(put("/a", "0123"), Code::ok);
    const FilePtr file = open("/a", OpenMode::for_reading());
    file->failed(Code::reset);
    EXPECT_TRUE(file->close());
}

TEST_P(FilesystemContract, AtomicUploadIsSeenWhenItIsComplete) {
    const FilePtr file = open("/a", uploading());
    EXPECT_EQ(stat("/a"), Code::not_found);
    EXPECT_TRUE(file->write_at(0, bytes_of("0123")));
    EXPECT_TRUE(file->write_at(4, bytes_of("4567")));
    EXPECT_EQ(stat("/a"), Code::not_found);
    EXPECT_TRUE(names("/").empty());
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/a"), "01234567");
    EXPECT_EQ(names("/"), Names{"a"});
}

TEST_P(FilesystemContract, AtomicUploadReplacesInOneStep) {
    EXPECT_EQ(put("/a", "old content"), Code::ok);
    const FilePtr reader = open("/a", OpenMode::for_reading());
    const FilePtr file = open("/a", uploading());
    EXPECT_TRUE(file->write_at(0, bytes_of("new")));
    EXPECT_EQ(get("/a"), "old content");
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/a"), "new");
    EXPECT_EQ(testing::get(*reader).value(), "old content");
}

TEST_P(FilesystemContract, AtomicUploadThatFailedLeavesNothing) {
    EXPECT_EQ(put("/old", "old content"), Code::ok);
    for (const char* path : {"/old", "/new"}) {
        const FilePtr file = open(path, uploading());
        EXPECT_TRUE(file->write_at(0, bytes_of("half")));
        file->failed(Code::timeout);
        EXPECT_EQ(code_of(file->close()), Code::timeout);
    }
    EXPECT_EQ(get("/old"), "old content");
    EXPECT_EQ(names("/"), Names{"old"});
    EXPECT_TRUE(fs_->remove_file(at("/old")));
    EXPECT_TRUE(names("/").empty());
}

TEST_P(FilesystemContract, AtomicUploadDestroyedWithoutCloseLeavesNothing) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    FilePtr file = open("/dir/a", uploading());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file.reset();
    EXPECT_TRUE(names("/dir").empty());
    EXPECT_TRUE(fs_->remove_directory(at("/dir")));
}

TEST_P(FilesystemContract, FailureWithoutACauseIsOneAllTheSame) {
    const FilePtr file = open("/a", uploading());
    file->failed(Code::ok);
    EXPECT_EQ(code_of(file->close()), Code::aborted);
    EXPECT_TRUE(names("/").empty());
}

TEST_P(FilesystemContract, KeepsThePartial) {
    EXPECT_EQ(put("/a", "old content"), Code::ok);
    const FilePtr file = open("/a", keeping());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file->failed(Code::reset);
    EXPECT_EQ(code_of(file->close()), Code::reset);
    EXPECT_EQ(names("/"), (Names{"a", "a.partial"}));
    EXPECT_EQ(get("/a"), "old content");
    EXPECT_EQ(get("/a.partial"), "half");
}

TEST_P(FilesystemContract, KeepsThePartialOfAnUploadDestroyedWithoutClose) {
    FilePtr file = open("/a", keeping());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file.reset();
    EXPECT_EQ(names("/"), Names{"a.partial"});
    EXPECT_EQ(get("/a.partial"), "half");
}

TEST_P(FilesystemContract, KeepsTheLatestPartial) {
    for (const char* content : {"the first", "second"}) {
        FilePtr file = open("/a", keeping());
        EXPECT_TRUE(file->write_at(0, bytes_of(content)));
    }
    EXPECT_EQ(get("/a.partial"), "second");
}

TEST_P(FilesystemContract, KeepsNoPartialOfNothing) {
    open("/a", keeping()).reset();
    EXPECT_TRUE(names("/").empty());
}

TEST_P(FilesystemContract, KeepsNoPartialOfASuccess) {
    EXPECT_EQ(put("/a", "all of it", keeping()), Code::ok);
    EXPECT_EQ(names("/"), Names{"a"});
}

TEST_P(FilesystemContract, KeepsNoPartialInPlaceOfADirectory) {
    EXPECT_EQ(make_directory("/a.partial"), Code::ok);
    FilePtr file = open("/a", keeping());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file.reset();
    EXPECT_EQ(names("/"), Names{"a.partial"});
    EXPECT_TRUE(fs_->stat(at("/a.partial")).value().is_directory());
}

TEST_P(FilesystemContract, CutsTheNameOfAPartialShort) {
    const std::string longest(255, 'n');
    FilePtr file = open("/" + longest, keeping());
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file.reset();
    EXPECT_EQ(names("/"), Names{std::string(247, 'n') + ".partial"});
}

TEST_P(FilesystemContract, AtomicExclusiveUploadNeverReplaces) {
    EXPECT_EQ(put("/a", "first", exclusively()), Code::ok);
    EXPECT_EQ(put("/a", "second", exclusively()), Code::exists);

    const FilePtr late = open("/b", exclusively());
    EXPECT_TRUE(late->write_at(0, bytes_of("late")));
    EXPECT_EQ(put("/b", "early"), Code::ok);
    EXPECT_EQ(code_of(late->close()), Code::exists);
    EXPECT_EQ(get("/a"), "first");
    EXPECT_EQ(get("/b"), "early");
    EXPECT_EQ(names("/"), (Names{"a", "b"}));
}

TEST_P(FilesystemContract, AtomicUploadIsNotPublishedOverADirectory) {
    const FilePtr file = open("/a", uploading());
    EXPECT_TRUE(file->write_at(0, bytes_of("x")));
    EXPECT_EQ(make_directory("/a"), Code::ok);
    EXPECT_EQ(code_of(file->close()), Code::is_directory);
    EXPECT_TRUE(fs_->stat(at("/a")).value().is_directory());
    EXPECT_EQ(names("/"), Names{"a"});
}

TEST_P(FilesystemContract, AtomicAppendLeavesTheOldFileWholeTillItsEnd) {
    EXPECT_EQ(put("/a", "0123456789"), Code::ok);
    FilePtr file = open("/a", appending());
    EXPECT_EQ(file->stat().value().size, 10U);
    EXPECT_TRUE(file->write_at(8, bytes_of("xyz")));
    EXPECT_EQ(get("/a"), "0123456789");
    file.reset();
    EXPECT_EQ(get("/a"), "0123456789");

    file = open("/a", appending());
    EXPECT_TRUE(file->write_at(8, bytes_of("xyz")));
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/a"), "01234567xyz");
}

TEST_P(FilesystemContract, AtomicAppendCopiesALargeFile) {
    std::string content(2'500'000, ' ');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + (i * 11 + i / 5000) % 26);
    EXPECT_EQ(put("/a", content), Code::ok);
    const FilePtr file = open("/a", appending());
    EXPECT_TRUE(file->write_at(content.size(), bytes_of("end")));
    EXPECT_TRUE(file->close());
    EXPECT_TRUE(get("/a") == content + "end");
}

TEST_P(FilesystemContract, AtomicUploadKeepsTheModeOfItsTarget) {
    EXPECT_EQ(put("/a", "old"), Code::ok);
    for (const std::uint32_t mode : {0600U, 0640U, 0666U}) {
        EXPECT_TRUE(fs_->set_mode(at("/a"), mode));
        EXPECT_EQ(put("/a", "new", uploading()), Code::ok);
        EXPECT_EQ(fs_->stat(at("/a")).value().mode, mode);
    }
}

TEST_P(FilesystemContract, AtomicUploadMayBeEmpty) {
    EXPECT_EQ(put("/a", "old"), Code::ok);
    EXPECT_TRUE(open("/a", uploading())->close());
    EXPECT_TRUE(open("/b", uploading())->close());
    EXPECT_EQ(get("/a"), "");
    EXPECT_EQ(get("/b"), "");
}

TEST_P(FilesystemContract, AtomicUploadCreatesOnlyWhenAsked) {
    EXPECT_EQ(cannot_open("/a", {.write = true, .truncate = true, .atomic = true}), Code::not_found);
    EXPECT_EQ(cannot_open("/nothing/a", uploading()), Code::not_found);
    EXPECT_EQ(put("/file", ""), Code::ok);
    EXPECT_EQ(cannot_open("/file/a", uploading()), Code::not_directory);
    EXPECT_EQ(names("/"), Names{"file"});
}

TEST_P(FilesystemContract, AtomicUploadCanBeReadBack) {
    OpenMode mode = uploading();
    mode.read = true;
    const FilePtr file = open("/a", mode);
    EXPECT_TRUE(file->write_at(0, bytes_of("0123")));
    EXPECT_EQ(testing::get(*file).value(), "0123");
    EXPECT_TRUE(file->truncate(2));
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/a"), "01");
}

TEST_P(FilesystemContract, TwoAtomicUploadsDoNotMix) {
    const FilePtr first = open("/a", uploading());
    const FilePtr second = open("/a", uploading());
    EXPECT_TRUE(first->write_at(0, bytes_of("first first")));
    EXPECT_TRUE(second->write_at(0, bytes_of("second")));
    EXPECT_TRUE(second->close());
    EXPECT_EQ(get("/a"), "second");
    EXPECT_TRUE(first->close());
    EXPECT_EQ(get("/a"), "first first");
}

TEST_P(FilesystemContract, DirectoryOfAnUploadIsNotRemoved) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    const FilePtr file = open("/dir/a", uploading());
    EXPECT_EQ(code_of(fs_->remove_directory(at("/dir"))), Code::not_empty);
    EXPECT_TRUE(file->write_at(0, bytes_of("x")));
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/dir/a"), "x");
}

TEST_P(FilesystemContract, AtomicUploadGoesWithItsDirectory) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    const FilePtr file = open("/dir/a", uploading());
    EXPECT_TRUE(file->write_at(0, bytes_of("x")));
    EXPECT_EQ(rename("/dir", "/moved"), Code::ok);
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/moved/a"), "x");
}

}  // namespace wherry::testing
