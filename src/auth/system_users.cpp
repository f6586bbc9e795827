#include "auth/system_users.h"

#include <sodium.h>

#include <chrono>
#include <memory>
#include <utility>

#include "auth/sodium.h"

namespace wherry {
namespace {

std::int64_t days_since_epoch() {
    return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now().time_since_epoch()).count();
}

SystemUsersOptions complete(SystemUsersOptions options) {
    if (!options.lookup) {
        options.lookup = [](const std::string& name) { return find_account_and_hash(name, days_since_epoch()); };
    }
    if (!options.verifier) {
        options.verifier = [cost = options.cost](std::string_view hash, const Password& password) {
            return verify_password(hash, password, cost);
        };
    }
    if (!options.shell_is_valid)
        options.shell_is_valid = [](const std::string& shell) { return is_valid_shell(shell); };
    return options;
}

}  // namespace

AuthenticatorPtr shadow_accounts(AccountRules rules) {
    SystemUsersOptions options;
    static_cast<AccountRules&>(options) = std::move(rules);
    return std::make_shared<SystemUsers>(std::move(options));
}

SystemUsers::SystemUsers(SystemUsersOptions options) : options_(complete(std::move(options))) {
    if (!sodium_ready()) return;
    std::string random(32, '\0');
    randombytes_buf(random.data(), random.size());
    decoy_ = hash_password(Password(std::move(random)), options_.cost).value_or(std::string());
}

// The password is checked before anything is said of the account, so that all refusals take as long.
Result<UserPtr> SystemUsers::authenticate(const Login& login) {
    const auto account = options_.lookup(login.name);
    if (!account && account.error().code == Code::not_found) return fail(Code::not_mine, account.error().message);
    if (!account) {
        pretend(login);
        return std::unexpected(account.error());
    }
    if (login.by_certificate) return let_in_by_certificate(*account);
    const auto verdict = options_.verifier(is_password_hash(account->hash) ? account->hash : decoy_, login.password);
    if (verdict.failed) return fail(Code::io, "check a password: its hash cannot be computed");
    if (!is_password_hash(account->hash)) return fail(Code::denied, "the account has no password that can be checked");
    if (!verdict.match) return fail(Code::denied, "wrong password");
    if (auto allowed = may_come(*account, options_, options_.shell_is_valid); !allowed)
        return std::unexpected(std::move(allowed.error()));
    return user_of(*account, options_);
}

// As with the keys of OpenSSH: an account without a password may come in so, one that is locked may not.
Result<UserPtr> SystemUsers::let_in_by_certificate(const SystemAccount& account) const {
    if (account.hash.starts_with('!')) return fail(Code::denied, "the account is locked");
    if (auto allowed = may_come(account, options_, options_.shell_is_valid); !allowed)
        return std::unexpected(std::move(allowed.error()));
    return user_of(account, options_);
}

void SystemUsers::pretend(const Login& login) { static_cast<void>(options_.verifier(decoy_, login.password)); }

}  // namespace wherry
