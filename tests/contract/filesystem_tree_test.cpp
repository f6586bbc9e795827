// The tree of the filesystem contract: directories, names, listings, modes and times.
#include "contract/filesystem_contract.h"

#include <map>

namespace wherry::testing {

namespace {

using Names = std::set<std::string>;

Names numbered(int count) {
    Names all;
    for (int i = 0; i < count; ++i) all.insert("file-with-a-rather-long-name-" + std::to_string(i));
    return all;
}

}  // namespace

TEST_P(FilesystemContract, MakesDirectories) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(make_directory("/dir/inner"), Code::ok);
    EXPECT_EQ(put("/dir/inner/file", "x"), Code::ok);
    EXPECT_TRUE(fs_->stat(at("/dir")).value().is_directory());
    EXPECT_EQ(names("/dir"), Names{"inner"});
    EXPECT_EQ(get("/dir/inner/file"), "x");
}

TEST_P(FilesystemContract, MakesADirectoryOnceAndInADirectoryOnly) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_EQ(make_directory("/dir"), Code::exists);
    EXPECT_EQ(make_directory("/file"), Code::exists);
    EXPECT_EQ(make_directory("/"), Code::exists);
    EXPECT_EQ(make_directory("/nothing/dir"), Code::not_found);
    EXPECT_EQ(make_directory("/file/dir"), Code::not_directory);
}

TEST_P(FilesystemContract, GivesNewDirectoriesTheirMode) {
    EXPECT_EQ(make_directory("/usual"), Code::ok);
    EXPECT_EQ(make_directory("/own", 07700), Code::ok);
    EXPECT_EQ(fs_->stat(at("/usual")).value().mode, 0755U);
    EXPECT_EQ(fs_->stat(at("/own")).value().mode, 0700U);
}

TEST_P(FilesystemContract, RemovesEmptyDirectoriesOnly) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(put("/dir/file", "x"), Code::ok);
    EXPECT_EQ(code_of(fs_->remove_directory(at("/dir"))), Code::not_empty);
    EXPECT_EQ(code_of(fs_->remove_directory(at("/dir/file"))), Code::not_directory);
    EXPECT_EQ(code_of(fs_->remove_directory(at("/nothing"))), Code::not_found);
    EXPECT_EQ(code_of(fs_->remove_directory(at("/"))), Code::denied);
    EXPECT_TRUE(fs_->remove_file(at("/dir/file")));
    EXPECT_TRUE(fs_->remove_directory(at("/dir")));
    EXPECT_EQ(stat("/dir"), Code::not_found);
    EXPECT_EQ(stat("/"), Code::ok);
}

TEST_P(FilesystemContract, RemovesFilesOnly) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_EQ(code_of(fs_->remove_file(at("/dir"))), Code::is_directory);
    EXPECT_EQ(code_of(fs_->remove_file(at("/"))), Code::is_directory);
    EXPECT_EQ(code_of(fs_->remove_file(at("/nothing"))), Code::not_found);
    EXPECT_EQ(code_of(fs_->remove_file(at("/file/below"))), Code::not_directory);
    EXPECT_TRUE(fs_->remove_file(at("/file")));
    EXPECT_EQ(names("/"), Names{"dir"});
}

TEST_P(FilesystemContract, RenamesFiles) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(put("/a", "content"), Code::ok);
    EXPECT_EQ(rename("/a", "/dir/b"), Code::ok);
    EXPECT_EQ(get("/dir/b"), "content");
    EXPECT_EQ(stat("/a"), Code::not_found);
    EXPECT_EQ(rename("/dir/b", "/dir/b"), Code::ok);
    EXPECT_EQ(get("/dir/b"), "content");
}

TEST_P(FilesystemContract, RenameReplacesAFile) {
    EXPECT_EQ(put("/a", "new"), Code::ok);
    EXPECT_EQ(put("/b", "old"), Code::ok);
    EXPECT_EQ(rename("/a", "/b"), Code::ok);
    EXPECT_EQ(get("/b"), "new");
    EXPECT_EQ(names("/"), Names{"b"});
}

TEST_P(FilesystemContract, RenamesDirectoriesWithWhatIsInThem) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(put("/dir/file", "x"), Code::ok);
    EXPECT_EQ(rename("/dir", "/other"), Code::ok);
    EXPECT_EQ(get("/other/file"), "x");
    EXPECT_EQ(stat("/dir"), Code::not_found);
    EXPECT_EQ(make_directory("/empty"), Code::ok);
    EXPECT_EQ(rename("/other", "/empty"), Code::ok);
    EXPECT_EQ(get("/empty/file"), "x");
    EXPECT_EQ(names("/"), Names{"empty"});
}

TEST_P(FilesystemContract, RefusesRenamesThatCannotBe) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(make_directory("/dir/inner"), Code::ok);
    EXPECT_EQ(make_directory("/full"), Code::ok);
    EXPECT_EQ(put("/full/file", "x"), Code::ok);
    EXPECT_EQ(put("/file", "y"), Code::ok);
    EXPECT_EQ(rename("/dir", "/dir/inner/dir"), Code::invalid);
    EXPECT_EQ(rename("/dir", "/dir/dir"), Code::invalid);
    EXPECT_EQ(rename("/dir", "/full"), Code::not_empty);
    EXPECT_EQ(rename("/dir", "/file"), Code::not_directory);
    EXPECT_EQ(rename("/file", "/dir"), Code::is_directory);
    EXPECT_EQ(rename("/nothing", "/new"), Code::not_found);
    EXPECT_EQ(rename("/file", "/nothing/new"), Code::not_found);
    EXPECT_EQ(rename("/file", "/full/file/new"), Code::not_directory);
    EXPECT_EQ(rename("/", "/new"), Code::denied);
    EXPECT_EQ(rename("/dir", "/"), Code::denied);
    EXPECT_EQ(names("/"), (Names{"dir", "full", "file"}));
    EXPECT_EQ(get("/file"), "y");
}

TEST_P(FilesystemContract, ListsInBatches) {
    const Names expected = numbered(250);
    for (const std::string& name : expected) EXPECT_EQ(put("/" + name, ""), Code::ok);
    for (const std::size_t most : {1U, 7U, 250U, 100'000U}) {
        EXPECT_EQ(testing::names(*fs_, at("/"), most).value(), expected);
    }
}

TEST_P(FilesystemContract, ListsWhatEachNameIs) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(put("/file", "12345"), Code::ok);
    EXPECT_TRUE(fs_->set_modified(at("/file"), 1234567));
    for (const Detail detail : {Detail::names, Detail::full}) {
        const ListingPtr listing = fs_->list(at("/"), detail).value();
        // What was in the entries before must not shine through.
        std::vector<Entry> batch(3, Entry{"old", {.kind = Kind::symlink, .size = 99}, "old target"});
        ASSERT_TRUE(listing->next(batch, 10));
        ASSERT_EQ(batch.size(), 2U);
        std::map<std::string, Entry> found;
        for (const Entry& entry : batch) found[entry.name] = entry;
        EXPECT_TRUE(found["dir"].stat.is_directory());
        EXPECT_TRUE(found["file"].stat.is_file());
        EXPECT_EQ(found["file"].target, "");
        EXPECT_EQ(found["file"].stat.inode, fs_->stat(at("/file")).value().inode);
        if (detail == Detail::names) continue;
        EXPECT_EQ(found["file"].stat.size, 5U);
        EXPECT_EQ(found["file"].stat.modified, 1234567);
        EXPECT_EQ(found["file"].stat.mode, 0644U);
        EXPECT_EQ(found["file"].stat.links, 1U);
        EXPECT_EQ(found["dir"].stat.mode, 0755U);
        EXPECT_EQ(found["file"].stat.device, fs_->stat(at("/file")).value().device);
    }
}

TEST_P(FilesystemContract, ListsWhileNamesComeAndGo) {
    const Names expected = numbered(300);
    for (const std::string& name : expected) EXPECT_EQ(put("/" + name, ""), Code::ok);
    const ListingPtr listing = fs_->list(at("/"), Detail::full).value();
    std::vector<Entry> batch;
    Names seen;
    for (int round = 0;; ++round) {
        ASSERT_LT(round, 1000);
        ASSERT_TRUE(listing->next(batch, 10));
        if (batch.empty()) break;
        for (const Entry& entry : batch) {
            EXPECT_TRUE(seen.insert(entry.name).second) << entry.name;
            EXPECT_TRUE(fs_->remove_file(at("/" + entry.name)));
        }
        if (round == 10) {  // all of what is left goes, and something new comes
            for (const std::string& name : names("/")) EXPECT_TRUE(fs_->remove_file(at("/" + name)));
            EXPECT_EQ(put("/late", ""), Code::ok);
        }
    }
    seen.erase("late");
    EXPECT_EQ(seen.size(), 110U);
    EXPECT_EQ(names("/").size(), stat("/late") == Code::ok ? 1U : 0U);
}

TEST_P(FilesystemContract, ListsADirectoryThatGoesAway) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    const ListingPtr listing = fs_->list(at("/dir"), Detail::full).value();
    EXPECT_TRUE(fs_->remove_directory(at("/dir")));
    std::vector<Entry> batch;
    EXPECT_TRUE(listing->next(batch, 10));
    EXPECT_TRUE(batch.empty());
}

TEST_P(FilesystemContract, ListsDirectoriesOnly) {
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_EQ(code_of(fs_->list(at("/file"), Detail::full)), Code::not_directory);
    EXPECT_EQ(code_of(fs_->list(at("/nothing"), Detail::full)), Code::not_found);
    EXPECT_EQ(code_of(fs_->list(at("/file/below"), Detail::full)), Code::not_directory);
}

TEST_P(FilesystemContract, KeepsTheEndOfAListing) {
    EXPECT_EQ(put("/file", "x"), Code::ok);
    const ListingPtr listing = fs_->list(at("/"), Detail::names).value();
    std::vector<Entry> batch;
    EXPECT_TRUE(listing->next(batch, 10));
    EXPECT_EQ(batch.size(), 1U);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(listing->next(batch, 10));
        EXPECT_TRUE(batch.empty());
    }
}

TEST_P(FilesystemContract, TakesNamesAsBytes) {
    const Names odd = {"\x80\xff\xfe",     "two\nlines", " blank ",      "-rf",       "tab\t",    "\"quoted\"",
                       "back\\slash",      "...",        ".hidden",      "%2e%2e",    "a:b",      "con",
                       "\xc0\xae\xc0\xae", "\x01\x7f",   "\xe2\x80\xa6", "n\xcc\x83", "\xc3\xb1", "*?[x]",
                       "trailing.",        "CASE",       "case",         "\r",        "~",        "$HOME;`x`"};
    for (const std::string& name : odd) {
        EXPECT_EQ(put("/" + name, name), Code::ok);
        EXPECT_EQ(get("/" + name), name);
    }
    EXPECT_EQ(names("/"), odd);
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    for (const std::string& name : odd) {
        EXPECT_EQ(make_directory("/dir/" + name), Code::ok);
        EXPECT_EQ(rename("/" + name, "/dir/" + name + "/" + name), Code::ok);
        EXPECT_TRUE(fs_->remove_file(at("/dir/" + name + "/" + name)));
        EXPECT_TRUE(fs_->remove_directory(at("/dir/" + name)));
    }
    EXPECT_TRUE(names("/dir").empty());
}

TEST_P(FilesystemContract, TakesTheLongestNames) {
    const std::string longest(Path::max_component, 'n');
    EXPECT_EQ(put("/" + longest, "x", uploading()), Code::ok);
    EXPECT_EQ(get("/" + longest), "x");
    EXPECT_EQ(names("/"), Names{longest});
    EXPECT_TRUE(fs_->remove_file(at("/" + longest)));
    EXPECT_EQ(make_directory("/" + longest), Code::ok);
    EXPECT_TRUE(fs_->remove_directory(at("/" + longest)));
}

TEST_P(FilesystemContract, TakesTheDeepestPaths) {
    const std::size_t depth = Path::max_depth - at("/").depth();
    std::string path;
    for (std::size_t i = 0; i + 1 < depth; ++i) {
        path += "/d";
        ASSERT_EQ(make_directory(path), Code::ok) << i;
    }
    EXPECT_EQ(put(path + "/file", "deep"), Code::ok);
    EXPECT_EQ(get(path + "/file"), "deep");
    EXPECT_EQ(names(path), Names{"file"});
    EXPECT_EQ(rename(path + "/file", "/up"), Code::ok);
    EXPECT_EQ(get("/up"), "deep");
}

TEST_P(FilesystemContract, TakesTheLongestPaths) {
    const std::size_t room = Path::max_length - (GetParam().base == "/" ? 0 : GetParam().base.size());
    std::string path;
    while (path.size() + 2 + 100 + 2 < room) {
        path += "/" + std::string(100, 'd');
        ASSERT_EQ(make_directory(path), Code::ok);
    }
    path += "/" + std::string(room - path.size() - 1, 'f');
    EXPECT_EQ(put(path, "long"), Code::ok);
    EXPECT_EQ(get(path), "long");
    EXPECT_TRUE(fs_->set_modified(at(path), 5));
    EXPECT_EQ(fs_->stat(at(path)).value().modified, 5);
    EXPECT_TRUE(fs_->remove_file(at(path)));
}

TEST_P(FilesystemContract, ChangesModes) {
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_TRUE(fs_->set_mode(at("/file"), 0600));
    EXPECT_EQ(fs_->stat(at("/file")).value().mode, 0600U);
    EXPECT_TRUE(fs_->set_mode(at("/file"), 0200));
    EXPECT_EQ(fs_->stat(at("/file")).value().mode, 0200U);
    EXPECT_TRUE(fs_->set_mode(at("/file"), 07777));
    EXPECT_EQ(fs_->stat(at("/file")).value().mode, 0777U);
    EXPECT_TRUE(fs_->set_mode(at("/dir"), 07770));
    EXPECT_EQ(fs_->stat(at("/dir")).value().mode, 01770U);
    EXPECT_TRUE(fs_->set_mode(at("/dir"), 0755));
    EXPECT_EQ(fs_->stat(at("/dir")).value().mode, 0755U);
    EXPECT_EQ(code_of(fs_->set_mode(at("/nothing"), 0600)), Code::not_found);
    EXPECT_EQ(code_of(fs_->set_mode(at("/file/below"), 0600)), Code::not_directory);
}

TEST_P(FilesystemContract, ChangesTimes) {
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    for (const char* path : {"/file", "/dir"}) {
        for (const std::int64_t time : {0LL, -1000LL, 1LL << 31U, 4'000'000'000LL}) {
            EXPECT_TRUE(fs_->set_modified(at(path), time));
            EXPECT_EQ(fs_->stat(at(path)).value().modified, time);
            EXPECT_EQ(fs_->stat(at(path)).value().modified_nsec, 0U);
        }
    }
    EXPECT_EQ(get("/file"), "x");
    EXPECT_EQ(code_of(fs_->set_modified(at("/nothing"), 0)), Code::not_found);
}

TEST_P(FilesystemContract, KnowsItsSpace) {
    const Space space = fs_->space(at("/")).value();
    EXPECT_GT(space.total, 0U);
    EXPECT_LE(space.free, space.total);
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_TRUE(fs_->space(at("/file")));
    EXPECT_EQ(code_of(fs_->space(at("/nothing"))), Code::not_found);
}

TEST_P(FilesystemContract, ReadsLinksOfLinksOnly) {
    EXPECT_EQ(put("/file", "x"), Code::ok);
    EXPECT_EQ(code_of(fs_->read_link(at("/file"))), Code::invalid);
    EXPECT_EQ(code_of(fs_->read_link(at("/"))), Code::invalid);
    EXPECT_EQ(code_of(fs_->read_link(at("/nothing"))), Code::not_found);
}

// --- abilities that a filesystem may lack

TEST_P(FilesystemContract, MakesSymlinksThatLeadToTheTargetOrSaysThatItCannot) {
    EXPECT_EQ(make_directory("/dir"), Code::ok);
    EXPECT_EQ(make_directory("/dir/inner"), Code::ok);
    EXPECT_EQ(put("/file", "content"), Code::ok);
    EXPECT_EQ(put("/dir/file", "other"), Code::ok);
    const Code made = code_of(fs_->make_symlink(at("/dir/inner/link"), at("/file")));
    if (made == Code::unsupported) {
        EXPECT_EQ(stat("/dir/inner/link"), Code::not_found);
        return;
    }
    ASSERT_EQ(made, Code::ok);
    EXPECT_EQ(get("/dir/inner/link"), "content");
    EXPECT_EQ(fs_->lstat(at("/dir/inner/link")).value().kind, Kind::symlink);
    EXPECT_EQ(code_of(fs_->make_symlink(at("/dir/inner/link"), at("/file"))), Code::exists);
    EXPECT_EQ(code_of(fs_->make_symlink(at("/file"), at("/dir"))), Code::exists);
    EXPECT_EQ(code_of(fs_->make_symlink(at("/"), at("/file"))), Code::exists);
    EXPECT_EQ(code_of(fs_->make_symlink(at("/none/link"), at("/file"))), Code::not_found);
    EXPECT_EQ(code_of(fs_->make_symlink(at("/beside"), at("/dir/file"))), Code::ok);
    EXPECT_EQ(get("/beside"), "other");
    EXPECT_EQ(code_of(fs_->make_symlink(at("/dir/up"), at("/dir"))), Code::ok);
    EXPECT_EQ(get("/dir/up/file"), "other");
    EXPECT_EQ(code_of(fs_->make_symlink(at("/dir/root"), at("/"))), Code::ok);
    EXPECT_EQ(get("/dir/root/file"), "content");
    EXPECT_EQ(code_of(fs_->make_symlink(at("/later"), at("/not-yet"))), Code::ok);
    EXPECT_EQ(get("/later"), "<not_found>");
    // Wherever a link is put afterwards, it does not lead out.
    EXPECT_EQ(rename("/dir/inner/link", "/link"), Code::ok);
    EXPECT_NE(get("/link"), "content");
}

TEST_P(FilesystemContract, CopiesFromOneFileToAnother) {
    std::string content;
    for (int i = 0; i < 300000; ++i) content += static_cast<char>('a' + i % 23);
    EXPECT_EQ(put("/from", content), Code::ok);
    const FilePtr from = open("/from", OpenMode::for_reading());
    const FilePtr to = open("/to", OpenMode::for_writing());
    std::uint64_t done = 0;
    for (;;) {
        const auto copied = to->copy_from(*from, 10 + done, 3 + done, 1000000);
        ASSERT_TRUE(copied) << copied.error().message;
        if (*copied == 0) break;
        done += *copied;
    }
    EXPECT_EQ(done, content.size() - 10);
    EXPECT_TRUE(to->write_at(0, bytes_of("123")));
    EXPECT_TRUE(to->close());
    EXPECT_EQ(get("/to"), "123" + content.substr(10));
    EXPECT_EQ(code_of(from->copy_from(*from, 0, 0, 10)), Code::denied);
    EXPECT_EQ(get("/from"), content);
}

TEST_P(FilesystemContract, CopiesBetweenFilesystemsOfDifferentKinds) {
    const FilesystemPtr other = memory_filesystem();
    EXPECT_TRUE(testing::put(*other, "/from"_p, "0123456789"));
    const FilePtr from = other->open("/from"_p, OpenMode::for_reading()).value();
    const FilePtr to = open("/to", OpenMode::for_writing());
    EXPECT_EQ(to->copy_from(*from, 2, 0, 5).value(), 5U);
    EXPECT_TRUE(to->close());
    EXPECT_EQ(get("/to"), "23456");
}

TEST_P(FilesystemContract, SaysThatItKnowsNoChecksumOrGivesTheRightOne) {
    EXPECT_EQ(put("/file", "123456789"), Code::ok);
    const auto hash = fs_->hash(at("/file"), Hash::crc32, 0, 9);
    if (hash) EXPECT_EQ(*hash, "cbf43926");
    if (!hash) EXPECT_EQ(hash.error().code, Code::unsupported);
}

TEST_P(FilesystemContract, KeepsTheOwnerThatIsThere) {
    EXPECT_EQ(put("/file", "x"), Code::ok);
    const Stat before = fs_->stat(at("/file")).value();
    EXPECT_TRUE(fs_->set_owner(at("/file"), before.uid, before.gid));
    EXPECT_TRUE(fs_->set_owner(at("/file"), before.uid, std::nullopt));
    EXPECT_EQ(fs_->stat(at("/file")).value().uid, before.uid);
    EXPECT_EQ(fs_->stat(at("/file")).value().gid, before.gid);
    EXPECT_EQ(code_of(fs_->set_owner(at("/nothing"), before.uid, std::nullopt)), Code::not_found);
}

}  // namespace wherry::testing
