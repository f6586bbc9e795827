#include "auth/accounts.h"

#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "core/text.h"

namespace wherry {
namespace {

constexpr std::size_t most_buffer = 1U << 20U;  // of one entry of the databases
constexpr int most_groups = 65536;              // NGROUPS_MAX of Linux

// Calls one of the *_r functions with a buffer that grows until the entry fits.
template <class Entry, class Get>
Result<bool> get_entry(Entry& entry, std::vector<char>& buffer, Get get) {
    for (buffer.resize(1024);; buffer.resize(buffer.size() * 2)) {
        Entry* found = nullptr;
        const int error = get(&entry, buffer.data(), buffer.size(), &found);
        if (error == 0 || error == ENOENT || error == ESRCH) return found != nullptr;
        if (error == EINTR) continue;
        if (error != ERANGE || buffer.size() >= most_buffer) return fail_errno(error, "looking up", "an account");
    }
}

std::vector<std::uint32_t> groups_of(const char* name, gid_t main) {
    int count = 64;
    std::vector<gid_t> groups(64);
    while (getgrouplist(name, main, groups.data(), &count) < 0 && static_cast<int>(groups.size()) < most_groups) {
        groups.resize(std::max(groups.size() * 2, static_cast<std::size_t>(std::max(count, 0))));
        count = static_cast<int>(groups.size());
    }
    groups.resize(static_cast<std::size_t>(std::clamp(count, 0, static_cast<int>(groups.size()))));
    return {groups.begin(), groups.end()};
}

// shadow(5): a number below zero says nothing.
bool is_expired(const spwd& shadow, std::int64_t today) {
    if (shadow.sp_expire >= 0 && today >= shadow.sp_expire) return true;
    if (shadow.sp_lstchg == 0) return true;  // to be changed at the first login, which cannot be done here
    return shadow.sp_lstchg > 0 && shadow.sp_max >= 0 && today > shadow.sp_lstchg + shadow.sp_max;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

}  // namespace

Result<SystemAccount> find_account(const std::string& name) {
    std::vector<char> buffer;
    passwd entry{};
    const auto known = get_entry(entry, buffer, [&](passwd* into, char* room, std::size_t size, passwd** found) {
        return getpwnam_r(name.c_str(), into, room, size, found);
    });
    if (!known) return std::unexpected(known.error());
    if (!*known) return fail(Code::not_found, "this machine has no such account");
    return SystemAccount{.name = entry.pw_name,
                         .identity = {entry.pw_uid, entry.pw_gid, groups_of(entry.pw_name, entry.pw_gid)},
                         .home = entry.pw_dir,
                         .shell = entry.pw_shell,
                         .hash = entry.pw_passwd};
}

Result<SystemAccount> find_account_and_hash(const std::string& name, std::int64_t today) {
    auto account = find_account(name);
    if (!account || account->hash != "x") return account;
    std::vector<char> secret_buffer;
    spwd secret{};
    const auto shadowed = get_entry(secret, secret_buffer, [&](spwd* into, char* room, std::size_t size, spwd** found) {
        return getspnam_r(name.c_str(), into, room, size, found);
    });
    if (!shadowed || !*shadowed) {
        return fail(Code::denied,
                    "the password of this account cannot be read; the server has to run as root for that");
    }
    account->hash = secret.sp_pwdp;
    account->expired = is_expired(secret, today);
    sodium_memzero(secret_buffer.data(), secret_buffer.size());
    return account;
}

bool is_valid_shell(const std::string& shell, const std::string& shells) {
    std::ifstream file(shells);
    for (std::string line; std::getline(file, line);) {
        if (trim(std::string_view(line).substr(0, line.find('#'))) == shell && !shell.empty()) return true;
    }
    return false;
}

Result<void> may_come(const SystemAccount& account, const AccountRules& rules, const ShellIsValid& shell_is_valid) {
    if (account.identity.uid == 0 || contains(rules.rejected, account.name)) {
        return fail(Code::denied, "this account is not let in");
    }
    if (!rules.allowed.empty() && !contains(rules.allowed, account.name)) {
        return fail(Code::denied, "this account is not among those that are let in");
    }
    if (account.identity.uid < rules.lowest_uid) {
        return fail(Code::denied, "the account has a number below login.system_lowest_uid");
    }
    if (rules.valid_shell && !shell_is_valid(account.shell)) {
        return fail(Code::denied, "the shell of the account is not in /etc/shells");
    }
    if (account.expired) return fail(Code::denied, "the account or its password has expired");
    return {};
}

Result<UserPtr> user_of(const SystemAccount& account, const AccountRules& rules) {
    auto home = Path::resolve(account.home);
    if (!account.home.starts_with('/') || !home) return fail(Code::invalid, "the home of the account is no folder");
    PosixOptions posix = rules.posix;
    posix.as = account.identity;
    if (!rules.jail) posix.symlinks = Symlinks::anywhere;
    auto files = posix_filesystem(rules.jail ? account.home : "/", posix);
    if (!files) return std::unexpected(std::move(files.error()));
    User user;
    user.name = account.name;
    user.filesystem = std::move(*files);
    user.permissions = rules.permissions;
    if (!rules.jail) user.start = std::move(*home);
    return std::make_shared<const User>(std::move(user));
}

Result<NamedUser> named_account(const SystemAccount& account, AccountRules rules) {
    if (account.identity.uid == 0) return fail(Code::denied, "root is not served to everybody");
    rules.jail = true;
    auto user = user_of(account, rules);
    if (!user) return std::unexpected(std::move(user.error()));
    return NamedUser{std::move(*user), account.identity};
}

}  // namespace wherry
