#pragma once
// SystemUsers: the accounts of this machine log in with their own passwords, and what they do with files is done as
// them (PosixOptions::as).
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "auth/password.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// What the machine knows of one account.
struct SystemAccount {
    std::string name;
    SystemIdentity identity;
    std::string home;
    std::string shell;
    std::string hash;      // of the password, as it stands in shadow(5)
    bool expired = false;  // the account or its password, by the days of shadow(5)
};

// The account of that name, by way of NSS: getpwnam_r(3), getspnam_r(3), getgrouplist(3). Code::not_found if there is
// none; Code::denied if its password may not be read, for which one has to be root. `today` in days since 1970-01-01.
Result<SystemAccount> find_system_account(const std::string& name, std::int64_t today);

// Whether a line of `shells` (as of /etc/shells) is that shell. A file that is not there has none.
bool is_valid_shell(const std::string& shell, const std::string& shells = "/etc/shells");

struct SystemUsersOptions {
    Perm permissions = perm::all;       // beside which the kernel asks for the rights of the account
    std::vector<std::string> allowed;   // empty: all that are not rejected
    std::vector<std::string> rejected;  // "root" always is
    std::uint32_t lowest_uid = 1000;    // those below are not people
    bool valid_shell = true;            // only those whose shell is in /etc/shells
    bool jail = true;  // the home is "/"; false: the whole machine is seen, and a session begins in the home
    PosixOptions posix;
    PasswordCost cost;  // of the decoy
    // Instead of the machine's, for tests.
    std::function<Result<SystemAccount>(const std::string& name)> lookup;
    PasswordVerifier verifier;
    std::function<bool(const std::string& shell)> shell_is_valid;
};

// Code::not_mine for a name the machine does not know; Code::denied for a wrong password and for every account that may
// not come in, with the reason for the log. Any thread; blocks.
class SystemUsers final : public Authenticator {
public:
    explicit SystemUsers(SystemUsersOptions options);
    Result<UserPtr> authenticate(const Login& login) override;
    void pretend(const Login& login) override;

private:
    Result<void> may_come(const SystemAccount& account) const;
    Result<UserPtr> user_of(const SystemAccount& account) const;

    SystemUsersOptions options_;
    std::string decoy_;
};

}  // namespace wherry
