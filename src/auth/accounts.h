#pragma once
// Accounts of this machine: what NSS says of one, whether the rules let it in, and the user that it then is.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "wherry/accounts.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// What the machine knows of one account.
struct SystemAccount {
    std::string name;
    SystemIdentity identity;
    std::string home;
    std::string shell;
    std::string hash;      // of the password, as it stands in passwd(5), or in shadow(5) where that was asked
    bool expired = false;  // the account or its password, by the days of shadow(5)
};

using FindAccount = std::function<Result<SystemAccount>(const std::string& name)>;
using ShellIsValid = std::function<bool(const std::string& shell)>;

// The account of that name, by way of NSS: getpwnam_r(3), getgrouplist(3). Code::not_found if there is none. Blocks.
Result<SystemAccount> find_account(const std::string& name);

// The same with its password and its days out of shadow(5), getspnam_r(3); Code::denied if that may not be read, for
// which one has to be root. `today` in days since 1970-01-01.
Result<SystemAccount> find_account_and_hash(const std::string& name, std::int64_t today);

// Whether a line of `shells` (as of /etc/shells) is that shell. A file that is not there has none.
bool is_valid_shell(const std::string& shell, const std::string& shells = "/etc/shells");

// Code::denied with the reason for the log.
Result<void> may_come(const SystemAccount& account, const AccountRules& rules, const ShellIsValid& shell_is_valid);

// Opens the home, as the account. Blocks.
Result<UserPtr> user_of(const SystemAccount& account, const AccountRules& rules);

// A user whom an operator has named for files to be served in his name, and the account of the machine that it is.
struct NamedUser {
    UserPtr user;
    std::optional<SystemIdentity> account{};  // none: it is no account of the machine
};
// Nobody logs in: what the rules say of logins does not hold, and the account may have no password and no shell, as
// those of services do. It is kept in its home. Code::denied for root. Blocks.
Result<NamedUser> named_account(const SystemAccount& account, AccountRules rules);

}  // namespace wherry
