#include "auth/authenticators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/temp_folder.h"

namespace wherry {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

TEST(Authenticators, AreDescribedAndNamedOnce) {
    std::set<std::string_view> names;
    for (const AuthenticatorKind& kind : authenticator_kinds()) {
        EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
        EXPECT_TRUE(kind.sentence.ends_with('.')) << kind.name;
        EXPECT_FALSE(kind.source.empty()) << kind.name;
        EXPECT_NE(kind.make, nullptr) << kind.name;
    }
    EXPECT_TRUE(names.contains("file"));
}

TEST(Authenticators, FileIsMadeReloadedAndWarns) {
    const TempFolder folder;
    const std::string good = "[users.anonymous]\nanonymous = true\nhome = \"" + folder.path() + "\"\n";
    auto made = make_authenticator("file", {folder.write("users.toml", good)});
    ASSERT_TRUE(made) << made.error().message;
    const Login login{"ftp", Password(), "192.0.2.1", "ftp"};
    EXPECT_TRUE(made->authenticator->authenticate(login));
    EXPECT_TRUE(made->warnings().empty());
    folder.write("users.toml", "");
    EXPECT_FALSE(made->reload());
    EXPECT_TRUE(made->authenticator->authenticate(login));
    folder.write("users.toml", good + "permissions = \"w\"\n");
    EXPECT_TRUE(made->reload());
    EXPECT_EQ(made->warnings().size(), 1U);
}

TEST(Authenticators, EveryKindSaysWhatIsWrongWithItsSource) {
    for (const AuthenticatorKind& kind : authenticator_kinds()) {
        const auto made = make_authenticator(kind.name, {"/nowhere/at/all"});
        ASSERT_FALSE(made) << kind.name;
        EXPECT_THAT(made.error().message, HasSubstr("/nowhere/at/all"));
    }
}

TEST(Authenticators, UnknownKindIsNamedWithTheNearest) {
    const auto near = make_authenticator("fiel", {});
    ASSERT_FALSE(near);
    EXPECT_EQ(near.error().code, Code::invalid);
    EXPECT_EQ(near.error().message, "unknown authenticator \"fiel\"; did you mean \"file\"?");
    const auto far = make_authenticator("kerberos", {});
    ASSERT_FALSE(far);
    EXPECT_EQ(far.error().message, "unknown authenticator \"kerberos\"; known are: file");
}

}  // namespace
}  // namespace wherry
