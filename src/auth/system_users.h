#pragma once
// SystemUsers: the accounts of this machine log in with the passwords of shadow(5), and what they do with files is done
// as them (PosixOptions::as).
#include <string>

#include "auth/accounts.h"
#include "auth/password.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

struct SystemUsersOptions : AccountRules {
    PasswordCost cost;  // of the decoy
    // Instead of the machine's, for tests.
    FindAccount lookup;
    PasswordVerifier verifier;
    ShellIsValid shell_is_valid;
};

// Code::not_mine for a name the machine does not know; Code::denied for a wrong password and for every account that may
// not come in, with the reason for the log. Any thread; blocks.
class SystemUsers final : public Authenticator {
public:
    explicit SystemUsers(SystemUsersOptions options);
    Result<UserPtr> authenticate(const Login& login) override;
    void pretend(const Login& login) override;

private:
    Result<UserPtr> let_in_by_certificate(const SystemAccount& account) const;

    SystemUsersOptions options_;
    std::string decoy_;
};

}  // namespace wherry
