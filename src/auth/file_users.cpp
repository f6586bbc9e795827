#include "auth/file_users.h"

#include <utility>

#include "auth/anonymous.h"

namespace wherry {

namespace {

const FileUser* find_user(const UserSet& set, const std::string& name) {
    if (const auto found = set.users.find(name); found != set.users.end()) return &found->second;
    if (!is_anonymous_name(name)) return nullptr;
    const auto anonymous = set.users.find("anonymous");
    const bool open = anonymous != set.users.end() && anonymous->second.user->anonymous;
    return open ? &anonymous->second : nullptr;
}

FileUsersOptions complete(FileUsersOptions options) {
    if (options.verifier == nullptr) {
        options.verifier = [cost = options.cost](std::string_view hash, const Password& password) {
            return verify_password(hash, password, cost);
        };
    }
    return options;
}

}  // namespace

FileUsers::FileUsers(std::string file, FileUsersOptions options, UserSet set)
    : file_(std::move(file)),
      options_(complete(std::move(options))),
      set_(std::make_shared<const UserSet>(std::move(set))) {}

Result<std::shared_ptr<FileUsers>> FileUsers::load(std::string file, FileUsersOptions options) {
    auto set = load_user_file(file, options.cost, options.others);
    if (!set) return fail(std::move(set.error()));
    // Not make_shared: the constructor is private.
    return std::shared_ptr<FileUsers>(new FileUsers(std::move(file), std::move(options), std::move(*set)));
}

Result<void> FileUsers::reload() {
    const std::lock_guard one_at_a_time(reload_mutex_);
    auto set = load_user_file(file_, options_.cost, options_.others);
    if (!set) return fail(std::move(set.error()));
    // Swapped, so that the old set is taken apart after the lock is given back.
    SetPtr fresh = std::make_shared<const UserSet>(std::move(*set));
    const std::lock_guard lock(mutex_);
    set_.swap(fresh);
    return {};
}

std::vector<std::string> FileUsers::names() const {
    const SetPtr set = current();
    std::vector<std::string> names;
    for (const auto& [name, user] : set->users) names.push_back(name);
    return names;
}

std::vector<KeyOfUser> FileUsers::keys() const {
    const SetPtr set = current();
    std::vector<KeyOfUser> keys;
    for (const auto& [name, user] : set->users) {
        if (!user.key.empty()) keys.push_back({user.key, user.user});
    }
    return keys;
}

Result<UserPtr> FileUsers::authenticate(const Login& login) {
    const SetPtr set = current();
    const FileUser* user = find_user(*set, login.name);
    if (user == nullptr) return fail(Code::not_mine, "no such user in " + file_);
    if (user->user->anonymous || login.by_certificate) return user->user;
    if (user->hash.empty()) {
        pretend(login);
        return fail(Code::denied, "this user has a key and no password");
    }
    const PasswordVerdict verdict = options_.verifier(user->hash, login.password);
    if (verdict.failed)
        return fail(Code::io,
                    "check a password: its hash cannot be computed (too little memory, or a cost out of bounds)");
    if (!verdict.match) return fail(Code::denied, "wrong password");
    return user->user;
}

void FileUsers::pretend(const Login& login) { static_cast<void>(options_.verifier(current()->decoy, login.password)); }

FileUsers::SetPtr FileUsers::current() const {
    const std::lock_guard lock(mutex_);
    return set_;
}

}  // namespace wherry
