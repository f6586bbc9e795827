#pragma once
// PamUsers: the accounts of this machine log in as PAM says, and what they do with files is done as them
// (PosixOptions::as).
#include "auth/accounts.h"
#include "wherry/accounts.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

struct PamUsersOptions : AccountRules {
    PamRules pam;
    // Instead of the machine's, for tests.
    FindAccount lookup;
    ShellIsValid shell_is_valid;
};

// Code::not_mine for a name the machine does not know; Code::denied for a wrong password and for every account that may
// not come in, with the reason for the log; Code::io where PAM could not find out. Any thread, several at once; blocks.
class PamUsers final : public Authenticator {
public:
    explicit PamUsers(PamUsersOptions options);
    Result<UserPtr> authenticate(const Login& login) override;
    // Asks PAM about somebody whom the machine does not know, so that it does what it does for those it knows.
    void pretend(const Login& login) override;

private:
    void ask_about(const std::string& stranger, const Login& login) const;

    PamUsersOptions options_;
};

}  // namespace wherry
