// What every authenticator has to do. A new one adds a line to the list at the end.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "auth/chain.h"
#include "auth/file_users.h"
#include "auth/password.h"
#include "auth/static_users.h"
#include "support/temp_folder.h"
#include "wherry/user.h"

namespace wherry {
namespace {

using namespace std::string_literals;
using testing::TempFolder;

constexpr PasswordCost cheap = PasswordCost::minimal();

// The users that each authenticator under test has to know, and their passwords.
struct Known {
    std::string name;
    std::string password;
};
const std::vector<Known>& known_users() {
    static const std::vector<Known> users{
        {"alice", "s3cret"},
        {"j\xc3\xb6rg", "p\xc3\xa4ssw\xc3\xb6rd \xe2\x82\xac"},
        {"with space", " "},
        {std::string(255, 'n'), std::string(max_password, 'p')},
    };
    return users;
}

// One authenticator, or several as one, and how it says that it does not know a user.
class Subject {
public:
    virtual ~Subject() = default;
    virtual Result<UserPtr> attempt(const Login& login) = 0;
    virtual void pretend(const Login& login) = 0;
    virtual Code unknown() const { return Code::not_mine; }
};

std::shared_ptr<StaticUsers> static_users(const std::vector<Known>& known) {
    auto users = std::make_shared<StaticUsers>();
    for (const Known& one : known) {
        User user;
        user.name = one.name;
        user.filesystem = memory_filesystem();
        EXPECT_TRUE(users->add(std::move(user), Password(one.password)));
    }
    return users;
}

std::shared_ptr<FileUsers> file_users(const std::vector<Known>& known, const TempFolder& folder,
                                      PasswordVerifier verifier = {}) {
    std::string content;
    for (const Known& one : known) {
        content += "[users.\"" + one.name + "\"]\nhome = \"" + folder.path() + "\"\npassword = \"" +
                   hash_password(Password(one.password), cheap).value_or("") + "\"\n";
    }
    auto users = FileUsers::load(folder.write("users.toml", content), {cheap, std::move(verifier)});
    EXPECT_TRUE(users) << users.error().message;
    return users.value_or(nullptr);
}

class Single : public Subject {
public:
    explicit Single(AuthenticatorPtr authenticator) : authenticator_(std::move(authenticator)) {}
    Result<UserPtr> attempt(const Login& login) override { return authenticator_->authenticate(login); }
    void pretend(const Login& login) override { authenticator_->pretend(login); }

private:
    AuthenticatorPtr authenticator_;
};

class InFile final : public Subject {
public:
    Result<UserPtr> attempt(const Login& login) override { return users_->authenticate(login); }
    void pretend(const Login& login) override { users_->pretend(login); }

private:
    TempFolder folder_;
    std::shared_ptr<FileUsers> users_ = file_users(known_users(), folder_);
};

// Each user in one of the two.
class Both final : public Subject {
public:
    Result<UserPtr> attempt(const Login& login) override { return chain_.authenticate(login).user; }
    void pretend(const Login&) override {}
    Code unknown() const override { return Code::denied; }

private:
    static std::vector<Known> half(std::size_t which) {
        std::vector<Known> users;
        for (std::size_t i = which; i < known_users().size(); i += 2) users.push_back(known_users()[i]);
        return users;
    }
    TempFolder folder_;
    Chain chain_{{static_users(half(0)), file_users(half(1), folder_)}};
};

struct Case {
    const char* name;
    std::function<std::unique_ptr<Subject>()> make;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class AuthenticatorContract : public ::testing::TestWithParam<Case> {
protected:
    static Login login(std::string name, std::string password) {
        return {std::move(name), Password(std::move(password)), "192.0.2.1", "ftp"};
    }
    Code code_of(std::string name, std::string password) {
        const auto answer = subject_->attempt(login(std::move(name), std::move(password)));
        return answer ? Code::ok : answer.error().code;
    }
    std::unique_ptr<Subject> subject_ = GetParam().make();
};

TEST_P(AuthenticatorContract, RightPasswordGivesTheUserWithATree) {
    for (const Known& known : known_users()) {
        const auto answer = subject_->attempt(login(known.name, known.password));
        ASSERT_TRUE(answer) << known.name;
        ASSERT_NE(*answer, nullptr);
        EXPECT_EQ((*answer)->name, known.name);
        EXPECT_FALSE((*answer)->anonymous);
        ASSERT_NE((*answer)->filesystem, nullptr);
        EXPECT_TRUE((*answer)->filesystem->stat(Path()));
    }
}

TEST_P(AuthenticatorContract, WrongPasswordIsDenied) {
    for (const Known& known : known_users()) {
        const std::string& right = known.password;
        for (const std::string& wrong :
             {right + "x", right + " ", "x" + right, right.substr(1), right + right, "wrong"s}) {
            EXPECT_EQ(code_of(known.name, wrong), Code::denied) << known.name;
        }
    }
    EXPECT_EQ(code_of("alice", "S3CRET"), Code::denied);
}

TEST_P(AuthenticatorContract, PasswordOfAnotherUserIsWrong) {
    for (const Known& one : known_users()) {
        for (const Known& other : known_users()) {
            const Code expected = one.name == other.name ? Code::ok : Code::denied;
            EXPECT_EQ(code_of(one.name, other.password), expected) << one.name << ' ' << other.name;
        }
    }
}

TEST_P(AuthenticatorContract, EmptyPasswordIsDenied) {
    for (const Known& known : known_users()) EXPECT_EQ(code_of(known.name, ""), Code::denied) << known.name;
}

TEST_P(AuthenticatorContract, UnknownUserIsUnknown) {
    for (const auto& name :
         {"bob"s, "Alice"s, "alice "s, " alice"s, "alic"s, "alicex"s, "jorg"s, "*"s, "a*"s, "root"s}) {
        for (const auto& password : {"s3cret"s, "wrong"s, ""s})
            EXPECT_EQ(code_of(name, password), subject_->unknown()) << name;
    }
}

TEST_P(AuthenticatorContract, NobodyIsAnonymousUnlessToldSo) {
    for (const auto& name : {"anonymous"s, "ftp"s, "FTP"s})
        EXPECT_EQ(code_of(name, "me@x"), subject_->unknown()) << name;
}

TEST_P(AuthenticatorContract, EmptyNameIsNobody) {
    for (const auto& password : {""s, "s3cret"s}) EXPECT_EQ(code_of("", password), subject_->unknown());
}

TEST_P(AuthenticatorContract, LongNamesAndPasswordsAreJustWrong) {
    EXPECT_EQ(code_of(std::string(256, 'n'), std::string(max_password, 'p')), subject_->unknown());
    EXPECT_EQ(code_of(std::string(1U << 20U, 'n'), "x"), subject_->unknown());
    EXPECT_EQ(code_of(std::string(254, 'n'), std::string(max_password, 'p')), subject_->unknown());
    EXPECT_EQ(code_of(std::string(255, 'n'), std::string(max_password + 1, 'p')), Code::denied);
    EXPECT_EQ(code_of(std::string(255, 'n'), std::string(1U << 20U, 'p')), Code::denied);
    EXPECT_EQ(code_of("alice", std::string(1U << 20U, 's')), Code::denied);
}

TEST_P(AuthenticatorContract, NulAndControlBytesEndNothing) {
    for (const auto& name :
         {"alice\0"s, "alice\0x"s, "\0alice"s, "alice\n"s, "alice\r\n"s, "\talice"s, "alice\x7f"s, "\x1b[2Jalice"s}) {
        EXPECT_EQ(code_of(name, "s3cret"), subject_->unknown());
    }
    for (const auto& wrong : {"s3cret\0"s, "s3cret\0x"s, "\0s3cret"s, "\0"s, "s3cret\n"s, "s3cret\r"s, "s3cret\x7f"s}) {
        EXPECT_EQ(code_of("alice", wrong), Code::denied);
    }
}

TEST_P(AuthenticatorContract, BytesAreComparedAsTheyAre) {
    // The same letters decomposed (NFD), in Latin-1, and cut in the middle of a character.
    for (const auto& name : {"jo\xcc\x88rg"s, "j\xf6rg"s, "j\xc3rg"s, "J\xc3\x96RG"s}) {
        EXPECT_EQ(code_of(name, "p\xc3\xa4ssw\xc3\xb6rd \xe2\x82\xac"), subject_->unknown());
    }
    for (const auto& wrong :
         {"pa\xcc\x88sswo\xcc\x88rd \xe2\x82\xac"s, "p\xe4ssw\xf6rd \x80"s, "p\xc3\xa4ssw\xc3\xb6rd \xe2\x82"s}) {
        EXPECT_EQ(code_of("j\xc3\xb6rg", wrong), Code::denied);
    }
}

TEST_P(AuthenticatorContract, ReasonsHoldNoPassword) {
    for (const auto& name : {"alice"s, "nobody"s}) {
        const auto answer = subject_->attempt(login(name, "hunter2"));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().message.find("hunter2"), std::string::npos);
    }
}

TEST_P(AuthenticatorContract, EightThreadsAtOnce) {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (std::size_t t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < 25; ++i) {
                const Known& known = known_users()[(t + i) % known_users().size()];
                EXPECT_EQ(code_of(known.name, known.password), Code::ok);
                EXPECT_EQ(code_of(known.name, "wrong"), Code::denied);
                EXPECT_EQ(code_of("nobody", known.password), subject_->unknown());
                subject_->pretend(login("nobody", known.password));
            }
        });
    }
}

INSTANTIATE_TEST_SUITE_P(All, AuthenticatorContract,
                         ::testing::Values(Case{"StaticUsers",
                                                [] { return std::make_unique<Single>(static_users(known_users())); }},
                                           Case{"FileUsers", [] { return std::make_unique<InFile>(); }},
                                           Case{"ChainOfBoth", [] { return std::make_unique<Both>(); }}),
                         [](const auto& info) { return std::string(info.param.name); });

// --- equal work

// Counts what costs time instead of measuring the time: how many password hashes are computed for one attempt.
class EqualWork : public ::testing::Test {
protected:
    std::size_t hashes_for(const Chain& chain, const std::string& name, const std::string& password) {
        hashes_ = 0;
        const ChainAnswer answer = chain.authenticate({name, Password(password), "192.0.2.1", "ftp"});
        EXPECT_FALSE(answer.user);
        return hashes_;
    }
    std::shared_ptr<FileUsers> counted(const std::vector<Known>& known, const TempFolder& folder) {
        return file_users(known, folder, [this](std::string_view hash, const Password& password) {
            ++hashes_;
            costs_.emplace_back(cost_of_hash(hash));
            return verify_password(hash, password, cheap);
        });
    }

    TempFolder folder_;
    TempFolder other_folder_;
    std::size_t hashes_ = 0;
    std::vector<std::string> costs_;
};

TEST_F(EqualWork, UnknownUserCostsWhatAWrongPasswordCosts) {
    const Chain chain({counted({{"alice", "s3cret"}}, folder_)});
    EXPECT_EQ(hashes_for(chain, "alice", "wrong"), 1U);
    EXPECT_EQ(hashes_for(chain, "nobody", "wrong"), 1U);
    EXPECT_EQ(hashes_for(chain, "alice", ""), 1U);
    EXPECT_EQ(hashes_for(chain, "nobody", ""), 1U);
    EXPECT_EQ(hashes_for(chain, "alice", std::string(max_password + 1, 'x')), 1U);
    EXPECT_EQ(hashes_for(chain, "nobody", std::string(max_password + 1, 'x')), 1U);
    for (const std::string& cost : costs_) EXPECT_EQ(cost, costs_.front());
}

TEST_F(EqualWork, ItDoesNotMatterWhichAuthenticatorKnowsTheUser) {
    const Chain chain({static_users({{"static", "s3cret"}}), counted({{"alice", "s3cret"}}, folder_),
                       counted({{"bob", "s3cret"}}, other_folder_)});
    for (const std::string name : {"static", "alice", "bob", "nobody", "anonymous"}) {
        EXPECT_EQ(hashes_for(chain, name, "wrong"), 2U) << name;
    }
}

TEST_F(EqualWork, RightPasswordCostsOneHash) {
    const Chain chain({counted({{"alice", "s3cret"}}, folder_)});
    EXPECT_TRUE(chain.authenticate({"alice", Password("s3cret"), "192.0.2.1", "ftp"}).user);
    EXPECT_EQ(hashes_, 1U);
}

TEST_F(EqualWork, ImpossibleNameCostsNothing) {
    const Chain chain({counted({{"alice", "s3cret"}}, folder_)});
    EXPECT_EQ(hashes_for(chain, "", "wrong"), 0U);
    EXPECT_EQ(hashes_for(chain, "a\nb", "wrong"), 0U);
}

}  // namespace
}  // namespace wherry
