#pragma once
// Users that the program itself names, with their passwords: what a server made in code starts with.
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// All functions may be called from any thread, also while clients log in. Sessions that are open keep the user they
// came in with; what is added or removed holds from the next login on.
//
// Of a password only a digest under a random key of this object is kept, never the text. That is quick, unlike a
// password hash: it keeps passwords out of logs and core dumps, while there is no file that could be stolen.
class StaticUsers final : public Authenticator {
public:
    StaticUsers();
    ~StaticUsers() override;
    StaticUsers(const StaticUsers&) = delete;
    StaticUsers& operator=(const StaticUsers&) = delete;

    // Code::invalid for a name that cannot be one, an empty or over-long password, or a user without a filesystem;
    // Code::exists if the name is taken. An anonymous user goes through add_anonymous.
    [[nodiscard]] Result<void> add(User user, const Password& password);
    // One at most; it answers to "anonymous" and "ftp" in any case, unless a user of exactly that name exists, and
    // takes every password.
    [[nodiscard]] Result<void> add_anonymous(User user);
    // False if there is no such user. The anonymous one is removed by any of its names.
    bool remove(std::string_view name);
    bool has(std::string_view name) const;
    UserPtr find(std::string_view name) const;  // by exactly that name; null: there is none
    UserPtr anonymous() const;                  // null: there is none

    // Code::not_mine for an unknown name, Code::denied for a wrong password.
    Result<UserPtr> authenticate(const Login& login) override;
    void pretend(const Login& login) override;

private:
    using Digest = std::array<unsigned char, 32>;
    struct Entry {
        UserPtr user;
        Digest digest{};
    };
    Digest digest_of(const Password& password) const;
    bool matches(const Password& password, const Digest& digest) const;

    Digest key_{};
    Digest decoy_{};  // of no password; compared with when nobody is there
    mutable std::shared_mutex mutex_;
    std::map<std::string, Entry, std::less<>> users_;
    UserPtr anonymous_;
};

}  // namespace wherry
