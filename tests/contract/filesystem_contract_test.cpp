#include "contract/filesystem_contract.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace wherry::testing {

namespace {

FilesystemPtr posix(const std::string& folder, bool use_openat2) {
    return posix_filesystem(folder, {.use_openat2 = use_openat2}).value();
}

const std::vector<Backend>& backends() {
    static const std::vector<Backend> all = {
        {"posix", "/", [](const std::string& folder) { return posix(folder, true); }},
        {"posix_walk", "/", [](const std::string& folder) { return posix(folder, false); }},
        {"memory", "/", [](const std::string&) { return memory_filesystem(); }},
        {"mounted_posix", "/m/x",
         [](const std::string& folder) {
             return mount_filesystem({{"/"_p, memory_filesystem()}, {"/m/x"_p, posix(folder, true)}});
         }},
        {"mounted_memory", "/m/x",
         [](const std::string&) { return mount_filesystem({{"/m/x"_p, memory_filesystem()}}); }},
    };
    return all;
}

std::size_t read(File& file, std::uint64_t offset, std::span<char> into) {
    return file.read_at(offset, std::as_writable_bytes(into)).value();
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(All, FilesystemContract, ::testing::ValuesIn(backends()),
                         [](const auto& chosen) { return chosen.param.name; });

TEST_P(FilesystemContract, BeginsEmpty) {
    EXPECT_TRUE(names("/").empty());
    const Stat root = fs_->stat(at("/")).value();
    EXPECT_TRUE(root.is_directory());
    EXPECT_EQ(fs_->lstat(at("/")).value().kind, Kind::directory);
}

TEST_P(FilesystemContract, GivesBackWhatWasWritten) {
    EXPECT_EQ(put("/a.txt", "0123456789"), Code::ok);
    EXPECT_EQ(get("/a.txt"), "0123456789");
    const Stat stat = fs_->stat(at("/a.txt")).value();
    EXPECT_TRUE(stat.is_file());
    EXPECT_EQ(stat.size, 10U);
    EXPECT_EQ(stat.links, 1U);
    EXPECT_NE(stat.inode, 0U);
    EXPECT_EQ(fs_->lstat(at("/a.txt")).value().inode, stat.inode);
    EXPECT_EQ(names("/"), std::set<std::string>{"a.txt"});
}

TEST_P(FilesystemContract, HasEmptyFiles) {
    EXPECT_EQ(put("/empty", ""), Code::ok);
    EXPECT_EQ(fs_->stat(at("/empty")).value().size, 0U);
    EXPECT_EQ(get("/empty"), "");
}

TEST_P(FilesystemContract, SaysWhatIsMissing) {
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_EQ(stat("/nothing"), Code::not_found);
    EXPECT_EQ(code_of(fs_->lstat(at("/nothing"))), Code::not_found);
    EXPECT_EQ(stat("/nothing/below"), Code::not_found);
    EXPECT_EQ(stat("/file/below"), Code::not_directory);
    EXPECT_EQ(get("/nothing"), "<not_found>");
    EXPECT_EQ(get("/nothing/below"), "<not_found>");
    EXPECT_EQ(get("/file/below"), "<not_directory>");
    EXPECT_EQ(put("/nothing/below", "x"), Code::not_found);
    EXPECT_EQ(put("/file/below", "x"), Code::not_directory);
}

TEST_P(FilesystemContract, SpeaksOfVirtualPathsOnly) {
    const auto missing = fs_->open(at("/some/where"), OpenMode::for_reading());
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("/some/where"), std::string::npos);
    EXPECT_EQ(missing.error().message.find(folder_.path()), std::string::npos) << missing.error().message;
}

TEST_P(FilesystemContract, DoesNotOpenADirectoryAsAFile) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    for (const char* path : {"/dir", "/"}) {
        EXPECT_EQ(cannot_open(path, OpenMode::for_reading()), Code::is_directory);
        EXPECT_EQ(cannot_open(path, OpenMode::for_writing()), Code::is_directory);
        EXPECT_EQ(cannot_open(path, {.read = true, .write = true}), Code::is_directory);
        EXPECT_EQ(cannot_open(path, uploading()), Code::is_directory);
    }
    EXPECT_TRUE(names("/dir").empty());
}

TEST_P(FilesystemContract, ReadsAtAnyOffset) {
    EXPECT_EQ(put("/a", "0123456789"), Code::ok);
    const FilePtr file = open("/a", OpenMode::for_reading());
    std::array<char, 4> buffer{};
    EXPECT_EQ(read(*file, 3, buffer), 4U);
    EXPECT_EQ(std::string(buffer.data(), 4), "3456");
    EXPECT_EQ(read(*file, 8, buffer), 2U);
    EXPECT_EQ(std::string(buffer.data(), 2), "89");
    EXPECT_EQ(read(*file, 10, buffer), 0U);
    EXPECT_EQ(read(*file, 1ULL << 40U, buffer), 0U);
    EXPECT_EQ(read(*file, (1ULL << 63U) - 1, buffer), 0U);
    EXPECT_EQ(read(*file, ~0ULL, buffer), 0U);
    EXPECT_EQ(read(*file, 0, {}), 0U);
}

TEST_P(FilesystemContract, KeepsWhatIsNotWrittenOver) {
    EXPECT_EQ(put("/a", "0123456789"), Code::ok);
    const FilePtr file = open("/a", writing());
    EXPECT_TRUE(file->write_at(4, bytes_of("xy")));
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/a"), "0123xy6789");
}

TEST_P(FilesystemContract, AppendsAtTheEnd) {
    EXPECT_EQ(put("/a", "0123"), Code::ok);
    const FilePtr file = open("/a", writing());
    EXPECT_EQ(file->stat().value().size, 4U);
    EXPECT_TRUE(file->write_at(4, bytes_of("45")));
    EXPECT_TRUE(file->write_at(6, bytes_of("67")));
    EXPECT_EQ(file->stat().value().size, 8U);
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/a"), "01234567");
}

TEST_P(FilesystemContract, FillsAHoleWithZeros) {
    const FilePtr file = open("/a", writing());
    EXPECT_TRUE(file->write_at(3, bytes_of("end")));
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get("/a"), std::string("\0\0\0end", 6));
}

TEST_P(FilesystemContract, DropsTheOldContentWhenAsked) {
    EXPECT_EQ(put("/a", "a long content"), Code::ok);
    EXPECT_EQ(put("/a", "short"), Code::ok);
    EXPECT_EQ(get("/a"), "short");
    EXPECT_EQ(put("/a", ""), Code::ok);
    EXPECT_EQ(get("/a"), "");
}

TEST_P(FilesystemContract, CutsAndGrowsAnOpenFile) {
    EXPECT_EQ(put("/a", "0123456789"), Code::ok);
    const FilePtr file = open("/a", {.read = true, .write = true});
    EXPECT_TRUE(file->truncate(4));
    EXPECT_EQ(file->stat().value().size, 4U);
    EXPECT_EQ(testing::get(*file).value(), "0123");
    EXPECT_TRUE(file->truncate(6));
    EXPECT_EQ(testing::get(*file).value(), std::string("0123\0\0", 6));
    EXPECT_TRUE(file->close());
}

TEST_P(FilesystemContract, CreatesExclusivelyOnce) {
    const OpenMode mode{.write = true, .create = true, .exclusive = true};
    EXPECT_EQ(put("/a", "first", mode), Code::ok);
    EXPECT_EQ(put("/a", "second", mode), Code::exists);
    EXPECT_EQ(get("/a"), "first");
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_NE(put("/dir", "", mode), Code::ok);
}

TEST_P(FilesystemContract, CreatesOnlyWhenAsked) {
    EXPECT_EQ(cannot_open("/a", {.write = true}), Code::not_found);
    EXPECT_EQ(cannot_open("/a", {.read = true, .write = true, .truncate = true}), Code::not_found);
    EXPECT_TRUE(names("/").empty());
}

TEST_P(FilesystemContract, RefusesModesThatMakeNoSense) {
    EXPECT_EQ(put("/a", "kept"), Code::ok);
    EXPECT_EQ(cannot_open("/a", {}), Code::invalid);
    EXPECT_EQ(cannot_open("/a", {.read = true, .truncate = true}), Code::invalid);
    EXPECT_EQ(cannot_open("/b", {.read = true, .create = true}), Code::invalid);
    EXPECT_EQ(cannot_open("/a", {.read = true, .atomic = true}), Code::invalid);
    EXPECT_EQ(cannot_open("/b", {.write = true, .exclusive = true}), Code::invalid);
    EXPECT_EQ(get("/a"), "kept");
    EXPECT_EQ(names("/"), std::set<std::string>{"a"});
}

TEST_P(FilesystemContract, DoesWithAFileWhatItWasOpenedFor) {
    EXPECT_EQ(put("/a", "0123"), Code::ok);
    std::array<char, 4> buffer{};
    const FilePtr reader = open("/a", OpenMode::for_reading());
    EXPECT_EQ(code_of(reader->write_at(0, bytes_of("x"))), Code::denied);
    EXPECT_EQ(code_of(reader->truncate(0)), Code::denied);
    const FilePtr writer = open("/a", {.write = true});
    EXPECT_EQ(code_of(writer->read_at(0, std::as_writable_bytes(std::span(buffer)))), Code::denied);
    EXPECT_EQ(get("/a"), "0123");
}

TEST_P(FilesystemContract, RefusesAFileThatIsClosed) {
    std::array<char, 4> buffer{};
    const FilePtr file = open("/a", {.read = true, .write = true, .create = true});
    EXPECT_TRUE(file->close());
    EXPECT_EQ(code_of(file->close()), Code::closed);
    EXPECT_EQ(code_of(file->stat()), Code::closed);
    EXPECT_EQ(code_of(file->read_at(0, std::as_writable_bytes(std::span(buffer)))), Code::closed);
    EXPECT_EQ(code_of(file->write_at(0, bytes_of("x"))), Code::closed);
    EXPECT_EQ(code_of(file->truncate(1)), Code::closed);
    EXPECT_EQ(file->descriptor(), -1);
    EXPECT_EQ(get("/a"), "");
}

TEST_P(FilesystemContract, ReadsOnAfterTheNameIsGone) {
    EXPECT_EQ(put("/a", "0123"), Code::ok);
    const FilePtr file = open("/a", OpenMode::for_reading());
    EXPECT_TRUE(fs_->remove_file(at("/a")));
    EXPECT_EQ(stat("/a"), Code::not_found);
    EXPECT_EQ(testing::get(*file).value(), "0123");
    EXPECT_TRUE(file->close());
}

TEST_P(FilesystemContract, TakesLargePieces) {
    std::string content(3U << 20U, ' ');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + (i * 7 + i / 4096) % 26);
    EXPECT_EQ(put("/large", content), Code::ok);
    EXPECT_TRUE(get("/large") == content);
}

TEST_P(FilesystemContract, HasNoRoomBehindTheLargestOffset) {
    const FilePtr file = open("/a", writing());
    EXPECT_EQ(code_of(file->write_at((1ULL << 63U) - 1, bytes_of("xy"))), Code::no_space);
    EXPECT_EQ(code_of(file->write_at(~0ULL - 1, bytes_of("xy"))), Code::no_space);
    EXPECT_EQ(code_of(file->truncate(~0ULL)), Code::no_space);
    EXPECT_EQ(file->stat().value().size, 0U);
}

TEST_P(FilesystemContract, GivesNewFilesTheirMode) {
    OpenMode mode = OpenMode::for_writing();
    EXPECT_EQ(put("/usual", "", mode), Code::ok);
    mode.mode = 07777;
    EXPECT_EQ(put("/most", "", mode), Code::ok);
    mode.mode = 0600;
    EXPECT_EQ(put("/least", "", mode), Code::ok);
    mode.atomic = true;
    EXPECT_EQ(put("/aside", "", mode), Code::ok);
    EXPECT_EQ(fs_->stat(at("/usual")).value().mode, 0644U);
    EXPECT_EQ(fs_->stat(at("/most")).value().mode, 0755U);
    EXPECT_EQ(fs_->stat(at("/least")).value().mode, 0600U);
    EXPECT_EQ(fs_->stat(at("/aside")).value().mode, 0600U);
    EXPECT_EQ(put("/least", "again"), Code::ok);
    EXPECT_EQ(fs_->stat(at("/least")).value().mode, 0600U);
}

TEST_P(FilesystemContract, ToldNotToWaitItChangesNothing) {
    EXPECT_EQ(put("/a", "0123"), Code::ok);
    for (OpenMode mode : {OpenMode::for_writing(), writing(), uploading(), OpenMode{.write = true}}) {
        mode.wait = false;
        for (const char* path : {"/a", "/b"}) EXPECT_EQ(cannot_open(path, mode), Code::would_block);
    }
    EXPECT_EQ(get("/a"), "0123");
    EXPECT_EQ(names("/"), std::set<std::string>{"a"});
}

TEST_P(FilesystemContract, AnswersAtOnceTheSameOrNotAtAll) {
    EXPECT_EQ(put("/a", "0123"), Code::ok);
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    const OpenMode mode{.read = true, .wait = false};
    const auto answers = [this](Code got, Code expected) {
        const bool good = got == expected || got == Code::would_block;
        return fs_->can_answer_at_once() ? good : got == Code::would_block;
    };
    EXPECT_TRUE(answers(cannot_open("/a", mode), Code::ok));
    EXPECT_TRUE(answers(cannot_open("/b", mode), Code::not_found));
    EXPECT_TRUE(answers(cannot_open("/dir", mode), Code::is_directory));
    EXPECT_TRUE(answers(code_of(fs_->stat_at_once(at("/a"))), Code::ok));
    EXPECT_TRUE(answers(code_of(fs_->stat_at_once(at("/b"))), Code::not_found));
    EXPECT_TRUE(answers(code_of(fs_->stat_at_once(at("/"))), Code::ok));
    if (const auto stat = fs_->stat_at_once(at("/a"))) EXPECT_EQ(stat->size, 4U);
}

TEST_P(FilesystemContract, NoticesThatAFileChanged) {
    EXPECT_EQ(put("/a", "0123"), Code::ok);
    EXPECT_TRUE(fs_->set_modified(at("/a"), 1000));
    EXPECT_EQ(put("/a", "012345"), Code::ok);
    const Stat stat = fs_->stat(at("/a")).value();
    EXPECT_EQ(stat.size, 6U);
    EXPECT_GT(stat.modified, 1000);
}

// Run under ThreadSanitizer it also says that implementations guard their state.
TEST_P(FilesystemContract, ServesSeveralThreads) {
    std::atomic<int> failures = 0;
    const auto work = [&](const std::string& own) {
        const auto check = [&](bool good) { failures += good ? 0 : 1; };
        check(make_directory("/" + own) == Code::ok);
        for (int i = 0; i < 40; ++i) {
            const std::string file = "/" + own + "/" + std::to_string(i);
            check(put(file, own, i % 2 == 0 ? uploading() : OpenMode::for_writing()) == Code::ok);
            check(get(file) == own);
            check(put("/shared", own, uploading()) == Code::ok);
            check(get("/shared").size() == own.size());
            check(rename(file, file + "r") == Code::ok);
            check(names("/").contains(own));
            if (i % 4 == 0) check(code_of(fs_->remove_file(at(file + "r"))) == Code::ok);
        }
    };
    std::vector<std::thread> threads;
    for (const char* own : {"a", "b", "c", "d"}) threads.emplace_back(work, std::string(own));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(names("/"), (std::set<std::string>{"a", "b", "c", "d", "shared"}));
    EXPECT_EQ(names("/a").size(), 30U);
}

}  // namespace wherry::testing
