#include "auth/pam_users.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "auth/pam_check.h"

namespace wherry {
namespace {

constexpr std::string_view nobody = "-";  // that no account is called

PamUsersOptions complete(PamUsersOptions options) {
    if (!options.lookup) options.lookup = [](const std::string& name) { return find_account(name); };
    if (!options.shell_is_valid)
        options.shell_is_valid = [](const std::string& shell) { return is_valid_shell(shell); };
    return options;
}

// What nobody types. Modules that write down what they are given do not get to see the password of a mistyped name.
Password made_up(const Password& password) {
    return Password(std::string(std::clamp<std::size_t>(password.text().size(), 1, 64), '\b'));
}

}  // namespace

AuthenticatorPtr pam_accounts(AccountRules rules, PamRules pam) {
    PamUsersOptions options;
    static_cast<AccountRules&>(options) = std::move(rules);
    options.pam = std::move(pam);
    return std::make_shared<PamUsers>(std::move(options));
}

PamUsers::PamUsers(PamUsersOptions options) : options_(complete(std::move(options))) {}

// PAM is not asked about accounts that are not let in anyway: failures that it counts would lock them elsewhere.
Result<UserPtr> PamUsers::authenticate(const Login& login) {
    auto account = options_.lookup(login.name);
    if (!account && account.error().code == Code::not_found) return fail(Code::not_mine, account.error().message);
    if (!account) return std::unexpected(std::move(account.error()));
    auto allowed = may_come(*account, options_, options_.shell_is_valid);
    if (allowed && !login.by_certificate && !fits_pam(login.password))
        allowed = fail(Code::denied, "a password that PAM cannot be asked about");
    if (!allowed) {
        if (!login.by_certificate) ask_about(std::string(nobody), login);
        return std::unexpected(std::move(allowed.error()));
    }
    const Password* const password = login.by_certificate ? nullptr : &login.password;
    auto name = check_with_pam(options_.pam, login.name, password, login.peer);
    if (!name) return std::unexpected(std::move(name.error()));
    if (*name == login.name) return user_of(*account, options_);
    account = options_.lookup(*name);
    if (!account)
        return fail(Code::denied, "PAM let in an account that cannot be looked up: " + account.error().message);
    if (allowed = may_come(*account, options_, options_.shell_is_valid); !allowed) {
        return std::unexpected(std::move(allowed.error()));
    }
    return user_of(*account, options_);
}

void PamUsers::pretend(const Login& login) {
    // Failures must not be counted against an account whose password was not even asked for.
    const auto account = options_.lookup(login.name);
    const bool unknown = !account && account.error().code == Code::not_found;
    ask_about(unknown ? login.name : std::string(nobody), login);
}

void PamUsers::ask_about(const std::string& stranger, const Login& login) const {
    const Password password = made_up(login.password);
    static_cast<void>(check_with_pam(options_.pam, stranger, &password, login.peer));
}

}  // namespace wherry
