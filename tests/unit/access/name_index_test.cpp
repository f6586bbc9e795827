#include "access/name_index.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

using namespace std::chrono_literals;

class NameIndexTest : public ::testing::Test {
protected:
    void put(const char* path) {
        auto file = files->open(Path::resolve(path).value(), OpenMode::for_writing()).value();
        ASSERT_TRUE(file->close());
    }
    void folder(const char* path) { ASSERT_TRUE(files->make_directory(Path::resolve(path).value(), 0755)); }
    std::string find(NameIndex& index, const char* path) {
        const auto found = index.find(files, Path::resolve(path).value());
        return found ? found->string() : std::string(found.error().code == Code::not_found ? "none" : "error");
    }
    ManualClock clock;
    FilesystemPtr files = memory_filesystem();
};

TEST_F(NameIndexTest, each_component_in_other_letters) {
    folder("/Boot");
    folder("/Boot/X64");
    put("/Boot/X64/Grub.efi");
    NameIndex index(clock);
    EXPECT_EQ(find(index, "/boot/x64/GRUB.EFI"), "/Boot/X64/Grub.efi");
    EXPECT_EQ(find(index, "/Boot/X64/Grub.efi"), "/Boot/X64/Grub.efi");
    EXPECT_EQ(find(index, "/BOOT"), "/Boot");
    EXPECT_EQ(find(index, "/"), "/");
    EXPECT_EQ(find(index, "/boot/x65/grub.efi"), "none");
    EXPECT_EQ(find(index, "/boot/x64/grub.efi.old"), "none");
}

TEST_F(NameIndexTest, the_name_itself_first_and_then_the_first_in_byte_order) {
    for (const char* const name : {"/ab", "/aB", "/Ab"}) put(name);
    NameIndex index(clock);
    EXPECT_EQ(find(index, "/aB"), "/aB");
    EXPECT_EQ(find(index, "/AB"), "/Ab");
}

TEST_F(NameIndexTest, letters_beyond_ascii_are_what_they_are) {
    put("/\xc3\x84");  // a capital one
    NameIndex index(clock);
    EXPECT_EQ(find(index, "/\xc3\xa4"), "none");
}

TEST_F(NameIndexTest, what_is_new_is_found_after_a_while) {
    NameIndex index(clock);
    EXPECT_EQ(find(index, "/NEW"), "none");
    put("/new");
    EXPECT_EQ(find(index, "/new"), "/new");
    EXPECT_EQ(find(index, "/NEW"), "none");
    clock.advance(5s);
    EXPECT_EQ(find(index, "/NEW"), "/new");
}

TEST_F(NameIndexTest, reads_no_more_of_a_directory_than_it_may) {
    for (char c = 'a'; c <= 'z'; ++c) put((std::string("/") + c).c_str());
    NameIndex index(clock, {.most_entries = 10});
    int found = 0;
    for (char c = 'A'; c <= 'Z'; ++c) found += find(index, (std::string("/") + c).c_str()) != "none" ? 1 : 0;
    EXPECT_EQ(found, 10);
}

TEST_F(NameIndexTest, many_directories_are_read_again) {
    NameIndex index(clock, {.most_directories = 2});
    for (const char* const name : {"/a", "/b", "/c", "/d"}) {
        folder(name);
        put((std::string(name) + "/x").c_str());
    }
    for (int round = 0; round < 3; ++round) {
        for (const char* const name : {"/a", "/b", "/c", "/d"}) {
            EXPECT_EQ(find(index, (std::string(name) + "/X").c_str()), std::string(name) + "/x");
        }
    }
}

}  // namespace
}  // namespace wherry
