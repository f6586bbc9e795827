#pragma once
// The accounts of this machine as users: AccountRules and the two authenticators that know them, one by the password
// file of the machine and one by PAM.
//
//   server.authenticators().add(wherry::pam_accounts({.lowest_uid = 1000}));
//
// What such a user does with files is done as the account (PosixOptions::as), with its groups, so the server has to
// keep root's right to become another; one that runs as an ordinary account can serve that account alone.
#include <cstdint>
#include <string>
#include <vector>

#include "wherry/filesystem.h"
#include "wherry/user.h"

namespace wherry {

// Which accounts may come in, and to what. Account number 0, root, never may, whatever stands here.
struct AccountRules {
    Perm permissions = perm::all;       // beside which the kernel asks for the rights of the account
    std::vector<std::string> allowed;   // empty: all that are not rejected
    std::vector<std::string> rejected;  // of these, too, nobody comes in
    std::uint32_t lowest_uid = 1000;    // those below are not people
    bool valid_shell = true;            // only those whose shell is in /etc/shells
    bool jail = true;    // the home is "/"; false: the whole machine is seen, and a session begins in the home
    PosixOptions posix;  // but for `as`
};

// Passwords are compared with the hashes of shadow(5), which root alone may read; an account or a password that has
// expired by the days that stand there is refused. With Login::by_certificate no password is compared, and an account
// that is locked ("!") is refused.
AuthenticatorPtr shadow_accounts(AccountRules rules = {});

struct PamRules {
    std::string service = "wherry";  // a file of /etc/pam.d; if there is none, that of "other" holds
    std::string folder;              // to look for it in, instead of /etc/pam.d and the machine's other places
};

// PAM decides (pam_authenticate(3) and then pam_acct_mgmt(3)), so that LDAP, Kerberos, lockouts after failures and
// whatever else the machine is set up with hold here as well. Modules hear the client's address (PAM_RHOST) and "ftp"
// (PAM_TTY); the one password of the client answers each question that is not echoed. An account that PAM wants a new
// password from is refused, since it cannot be asked for one; an empty password and one of more than 511 bytes are
// refused without asking PAM about that account. Delays that modules ask for are left out: the server has its own.
// With Login::by_certificate PAM is asked about the account alone, not about a password.
//
// Neither credentials are set nor a PAM session opened: modules of these kinds (pam_limits, pam_group, pam_loginuid,
// pam_mkhomedir) change the process that they are called in, and one process serves all users here.
//
// Modules are called on workers, several at once, each with a handle of its own; they block the worker and no more.
AuthenticatorPtr pam_accounts(AccountRules rules = {}, PamRules pam = {});

}  // namespace wherry
