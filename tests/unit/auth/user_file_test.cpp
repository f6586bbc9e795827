#include "auth/user_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <string>

#include "auth/user_keys.h"
#include "unit/auth/user_file_fixture.h"

namespace wherry {
namespace {

using testing::bcrypt;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::UserFile;

constexpr PasswordCost cheap = PasswordCost::minimal();
constexpr std::string_view md5 = "$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80";

TEST_F(UserFile, SmallestUser) {
    const auto set = parse("[users.alice]\npassword = \"HASH\"\nhome = \"@/alice\"\n");
    ASSERT_TRUE(set) << set.error().message;
    ASSERT_EQ(set->users.size(), 1U);
    const FileUser& alice = set->users.at("alice");
    EXPECT_EQ(alice.hash, bcrypt);
    EXPECT_EQ(alice.user->name, "alice");
    EXPECT_FALSE(alice.user->anonymous);
    EXPECT_EQ(alice.user->permissions, perm::read);
    EXPECT_TRUE(alice.user->start.is_root());
    EXPECT_THAT(alice.user->rules, IsEmpty());
    EXPECT_EQ(alice.user->limits.sessions, 0U);
    EXPECT_EQ(alice.user->login_message, "");
    EXPECT_TRUE(alice.user->filesystem->stat(*Path::resolve("/inbox")));
    EXPECT_THAT(set->warnings, IsEmpty());
    EXPECT_EQ(set->decoy, bcrypt);
}

TEST_F(UserFile, EveryKeyOfAUser) {
    const auto set = parse(R"(
[users.alice]
password = "HASH"
home = "@/alice"
permissions = "elradfmwMT"
start = "/inbox"
login_message = "Hello.\nSecond line"
quit_message = "Bye."
symlinks = "never"
umask = "027"
read_only = false
rules = [ { directory = "/inbox", letters = "elrw", recursive = false }, { directory = "/", letters = "l" } ]
mounts = [ { at = "/pub", folder = "@/pub", read_only = true } ]
limits = { sessions = 4, upload_rate = "2M", download_rate = 0, storage = "10G", files = 7, idle_timeout = 600 }
)");
    ASSERT_TRUE(set) << set.error().message;
    const User& alice = *set->users.at("alice").user;
    EXPECT_EQ(alice.permissions, perm::all);
    EXPECT_EQ(alice.start.text(), "/inbox");
    EXPECT_EQ(alice.login_message, "Hello.\nSecond line");
    EXPECT_EQ(alice.quit_message, "Bye.");
    ASSERT_EQ(alice.rules.size(), 2U);
    EXPECT_EQ(alice.rules[0].directory.text(), "/inbox");
    EXPECT_EQ(alice.rules[0].letters.text(), "elrw");
    EXPECT_FALSE(alice.rules[0].recursive);
    EXPECT_TRUE(alice.rules[1].directory.is_root());
    EXPECT_TRUE(alice.rules[1].recursive);
    EXPECT_EQ(alice.limits.sessions, 4U);
    EXPECT_EQ(alice.limits.upload_rate, 2U << 20U);
    EXPECT_EQ(alice.limits.download_rate, 0U);
    EXPECT_EQ(alice.limits.storage, 10ULL << 30U);
    EXPECT_EQ(alice.limits.files, 7U);
    EXPECT_EQ(alice.limits.idle_timeout, std::chrono::seconds(600));
}

TEST_F(UserFile, FurtherFoldersAreInTheTreeAndReadOnlyWhereTheySaySo) {
    const auto set = parse(R"(
[users.alice]
password = "HASH"
home = "@/alice"
mounts = [ { at = "/pub", folder = "@/pub", read_only = true }, { at = "/drop", folder = "@/drop" } ]
[users.bob]
password = "HASH"
home = "@/alice"
read_only = true
)");
    ASSERT_TRUE(set) << set.error().message;
    const auto code = [&](const std::string& name, std::string_view directory) {
        const auto made = set->users.at(name).user->filesystem->make_directory(*Path::resolve(directory), 0777);
        return made ? Code::ok : made.error().code;
    };
    EXPECT_EQ(code("alice", "/new"), Code::ok);
    EXPECT_EQ(code("alice", "/pub/new"), Code::read_only);
    EXPECT_EQ(code("alice", "/drop/new"), Code::ok);
    EXPECT_EQ(code("bob", "/other"), Code::read_only);
    EXPECT_EQ(::access(folder_.path("alice/new").c_str(), F_OK), 0);
}

TEST_F(UserFile, UmaskAndSymlinksReachTheFolder) {
    const auto set = parse(R"(
[users.alice]
password = "HASH"
home = "@/alice"
umask = "077"
symlinks = "never"
)");
    ASSERT_TRUE(set) << set.error().message;
    Filesystem& files = *set->users.at("alice").user->filesystem;
    ASSERT_TRUE(files.make_directory(*Path::resolve("/private"), 0777));
    struct stat about{};
    ASSERT_EQ(::stat(folder_.path("alice/private").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0700U);
    ASSERT_EQ(::symlink("inbox", folder_.path("alice/link").c_str()), 0);
    EXPECT_FALSE(files.stat(*Path::resolve("/link")));
}

TEST_F(UserFile, AnonymousUserHasNoPassword) {
    const auto set = parse("[users.anonymous]\nanonymous = true\nhome = \"@/pub\"\n");
    ASSERT_TRUE(set) << set.error().message;
    const FileUser& user = set->users.at("anonymous");
    EXPECT_TRUE(user.user->anonymous);
    EXPECT_EQ(user.hash, "");
    EXPECT_THAT(set->warnings, IsEmpty());
    EXPECT_TRUE(set->decoy.starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << set->decoy;
}

TEST_F(UserFile, NameAnonymousWithAPasswordIsAnOrdinaryUser) {
    const auto set = parse("[users.anonymous]\npassword = \"HASH\"\nhome = \"@/pub\"\n");
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_FALSE(set->users.at("anonymous").user->anonymous);
}

TEST_F(UserFile, NamesMayBeAnythingThatCanBeAUser) {
    const auto set = parse("[users.\"j\xc3\xb6rg at x.example\"]\npassword = \"HASH\"\nhome = \"@/pub\"\n");
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_TRUE(set->users.contains("j\xc3\xb6rg at x.example"));
}

TEST_F(UserFile, FileWithLineEndsOfWindows) {
    const auto set =
        parse("[users.alice]\r\npassword = \"HASH\"\r\nhome = \"@/alice\"\r\nlogin_message = \"\"\"a\r\nb\"\"\"\r\n");
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->users.at("alice").user->login_message, "a\nb");
}

TEST_F(UserFile, WarnsOfWhatIsUnwise) {
    const auto set = parse("[users.alice]\npassword = \"" + std::string(md5) + "\"\nhome = \"@/alice\"\n" +
                           "[users.anonymous]\nanonymous = true\nhome = \"@/pub\"\n" +
                           "rules = [ { directory = \"/\", letters = \"w\" } ]\n");
    ASSERT_TRUE(set) << set.error().message;
    ASSERT_EQ(set->warnings.size(), 2U);
    EXPECT_THAT(set->warnings[0], HasSubstr("users.alice: the password has an MD5 hash"));
    EXPECT_THAT(set->warnings[1], HasSubstr("users.anonymous: anyone may change files"));
}

TEST_F(UserFile, DecoyCostsWhatMostUsersCost) {
    const auto user = [](const std::string& name, std::string_view hash) {
        return "[users." + name + "]\npassword = \"" + std::string(hash) + "\"\nhome = \"@/pub\"\n";
    };
    const auto set = parse(user("a", md5) + user("b", bcrypt) + user("c", bcrypt) +
                           "[users.anonymous]\nanonymous = true\nhome = \"@/pub\"\n");
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(cost_of_hash(set->decoy), "$2b$04$");
}

// --- the table of keys ---------------------------------------------------------------------------

TEST_F(UserFile, ExampleOfEveryKeyIsValid) {
    ASSERT_EQ(::chmod(folder_.write("alice.key", "616263").c_str(), 0600), 0);
    for (const UserKey& key : user_keys()) {
        const std::string line = std::string(key.name) + " = " + std::string(key.example);
        const bool anonymous = key.name == "anonymous";
        std::string text = anonymous ? "[users.anonymous]\n" : "[users.alice]\n";
        if (key.name != "home") text += "home = \"/srv/alice\"\n";
        if (key.name != "password" && !anonymous) text += "password = \"HASH\"\n";
        if (key.section == UserSection::user) text += line + "\n";
        if (key.section == UserSection::limits) text += "limits = { " + line + " }\n";
        if (key.section == UserSection::uploads) text += "uploads = { " + line + " }\n";
        const bool of_group = key.section == UserSection::group || key.section == UserSection::shared;
        if (key.name == "group" || of_group) text += "[groups.staff]\n";
        if (key.section == UserSection::group) text += line + "\n";
        if (key.section == UserSection::shared) text += "shared = { " + line + " }\n";
        if (key.section == UserSection::rule) {
            text += "[[users.alice.rules]]\n" + line + "\n";
            if (key.name != "directory") text += "directory = \"/inbox\"\n";
            if (key.name != "letters") text += "letters = \"elrw\"\n";
        }
        if (key.section == UserSection::mount) {
            text += "[[users.alice.mounts]]\n" + line + "\n";
            if (key.name != "at") text += "at = \"/pub\"\n";
            if (key.name != "folder") text += "folder = \"/srv/pub\"\n";
        }
        replace(text, "/srv/", folder_.path() + "/");
        replace(text, "/etc/wherry/", folder_.path() + "/");
        const auto set = parse(text);
        EXPECT_TRUE(set) << key.name << '\n' << text << set.error().message;
    }
}

TEST_F(UserFile, EveryKeyRefusesAValueOfAnotherKind) {
    for (const UserKey& key : user_keys()) {
        const std::string line = std::string(key.name) + " = 1979-05-27";
        std::string text = "[users.alice]\n";
        if (key.section == UserSection::user) text += line;
        if (key.section == UserSection::limits) text += "limits = { " + line + " }";
        if (key.section == UserSection::uploads) text += "uploads = { " + line + " }";
        const bool of_group = key.section == UserSection::group || key.section == UserSection::shared;
        if (of_group) text = "[groups.alice]\n";
        if (key.section == UserSection::group) text += line;
        if (key.section == UserSection::shared) text += "shared = { " + line + " }";
        if (key.section == UserSection::rule) text += "rules = [ { " + line + " } ]";
        if (key.section == UserSection::mount) text += "mounts = [ { " + line + " } ]";
        EXPECT_THAT(complaint(text), HasSubstr(of_group ? "users.toml:2: groups.alice." : "users.toml:2: users.alice."))
            << key.name;
        EXPECT_THAT(complaint(text), HasSubstr(std::string(key.name) + ": must ")) << key.name;
    }
}

TEST(UserKeys, AreDescribed) {
    std::set<std::pair<UserSection, std::string_view>> seen;
    for (const UserKey& key : user_keys()) {
        EXPECT_TRUE(seen.emplace(key.section, key.name).second) << key.name;
        EXPECT_TRUE(key.sentence.ends_with('.')) << key.name;
        EXPECT_FALSE(key.type.empty()) << key.name;
        EXPECT_NE(key.read, nullptr) << key.name;
        EXPECT_EQ(key.fallback.empty(), key.needed || key.name == "password") << key.name;
    }
    EXPECT_EQ(seen.size(), 57U);
}

// --- from the disk -------------------------------------------------------------------------------

TEST_F(UserFile, LoadReadsTheFile) {
    const auto path = folder_.write("users.toml", expand("[users.alice]\npassword = \"HASH\"\nhome = \"@/alice\"\n"));
    const auto set = load_user_file(path, cheap);
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->users.size(), 1U);
    EXPECT_THAT(set->warnings, IsEmpty());
}

TEST_F(UserFile, LoadNamesTheFileInComplaints) {
    const auto path = folder_.write("users.toml", "[users.alice]\n");
    const auto set = load_user_file(path, cheap);
    ASSERT_FALSE(set);
    EXPECT_THAT(set.error().message, HasSubstr(path + ":1: users.alice: "));
}

TEST_F(UserFile, LoadWarnsIfEverybodyMayWriteTheFile) {
    const auto path = folder_.write("users.toml", expand("[users.alice]\npassword = \"HASH\"\nhome = \"@/alice\"\n"));
    ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
    const auto set = load_user_file(path, cheap);
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_THAT(set->warnings, ElementsAre(HasSubstr("chmod o-w " + path)));
}

TEST_F(UserFile, LoadSaysWhyAFileCannotBeRead) {
    const auto missing = load_user_file(folder_.path("nothing.toml"), cheap);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::not_found);
    EXPECT_THAT(missing.error().message, HasSubstr("nothing.toml"));

    const auto directory = load_user_file(folder_.path("pub"), cheap);
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code, Code::not_regular);

    ASSERT_EQ(::mkfifo(folder_.path("fifo").c_str(), 0600), 0);
    const auto fifo = load_user_file(folder_.path("fifo"), cheap);
    ASSERT_FALSE(fifo);
    EXPECT_EQ(fifo.error().code, Code::not_regular);
}

TEST_F(UserFile, LoadRefusesAFileBeyondTheLimit) {
    const auto path = folder_.write("users.toml", "");
    ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(max_user_file) + 1), 0);
    const auto set = load_user_file(path, cheap);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().code, Code::invalid);
    EXPECT_THAT(set.error().message, HasSubstr("larger than"));
}

TEST_F(UserFile, AKeyStandsInPlaceOfAPasswordOrBesideIt) {
    const std::string key = folder_.write("key", "616263\n");
    ASSERT_EQ(::chmod(key.c_str(), 0600), 0);
    const auto set = parse(
        "[users.alice]\nhome = \"@/alice\"\ni2ftp_key_file = \"@/key\"\n"
        "[users.bob]\nhome = \"@/alice\"\ni2ftp_key_file = \"@/key\"\npassword = \"HASH\"\n"
        "[users.carol]\nhome = \"@/alice\"\npassword = \"HASH\"\n");
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->users.at("alice").key.bytes(), "abc");
    EXPECT_EQ(set->users.at("alice").hash, "");
    EXPECT_EQ(set->users.at("bob").key.bytes(), "abc");
    EXPECT_NE(set->users.at("bob").hash, "");
    EXPECT_TRUE(set->users.at("carol").key.empty());
}

}  // namespace
}  // namespace wherry
