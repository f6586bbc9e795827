#include "auth/static_users.h"

#include <sodium.h>

#include <mutex>
#include <optional>
#include <utility>

#include "auth/anonymous.h"
#include "auth/password.h"
#include "auth/sodium.h"
#include "auth/user_name.h"
#include "core/text.h"

namespace wherry {

namespace {

Result<void> check_user(const User& user) {
    if (!is_user_name(user.name)) {
        return fail(Code::invalid, "add user \"" + for_log(user.name) + "\": not a valid user name");
    }
    if (user.filesystem == nullptr) return fail(Code::invalid, "add user \"" + user.name + "\": it has no filesystem");
    return {};
}

}  // namespace

StaticUsers::StaticUsers() {
    // Without this the random bytes below may end the program; there is nobody to report to yet.
    sodium_ready();
    randombytes_buf(key_.data(), key_.size());
    randombytes_buf(decoy_.data(), decoy_.size());
}

StaticUsers::~StaticUsers() { sodium_memzero(key_.data(), key_.size()); }

Result<void> StaticUsers::add(User user, const Password& password) {
    if (auto valid = check_user(user); !valid) return valid;
    if (user.anonymous) {
        return fail(Code::invalid, "add user \"" + user.name + "\": an anonymous user has no password");
    }
    const std::size_t length = password.text().size();
    if (length == 0 || length > max_password) {
        return fail(Code::invalid,
                    "add user \"" + user.name + "\": a password has 1 to " + std::to_string(max_password) + " bytes");
    }
    Entry entry{std::make_shared<const User>(std::move(user)), digest_of(password)};
    const std::string& name = entry.user->name;
    const std::unique_lock lock(mutex_);
    if (users_.contains(name)) return fail(Code::exists, "add user \"" + name + "\": there is one of this name");
    users_.emplace(name, std::move(entry));
    return {};
}

Result<void> StaticUsers::add_anonymous(User user) {
    user.anonymous = true;
    if (auto valid = check_user(user); !valid) return valid;
    auto shared = std::make_shared<const User>(std::move(user));
    const std::unique_lock lock(mutex_);
    if (anonymous_ != nullptr) return fail(Code::exists, "add the anonymous user: there is one");
    anonymous_ = std::move(shared);
    return {};
}

bool StaticUsers::remove(std::string_view name) {
    const std::unique_lock lock(mutex_);
    if (const auto found = users_.find(name); found != users_.end()) {
        users_.erase(found);
        return true;
    }
    return is_anonymous_name(name) && std::exchange(anonymous_, nullptr) != nullptr;
}

UserPtr StaticUsers::anonymous() const {
    const std::shared_lock lock(mutex_);
    return anonymous_;
}

bool StaticUsers::has(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    return users_.contains(name) || (anonymous_ != nullptr && is_anonymous_name(name));
}

UserPtr StaticUsers::find(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = users_.find(name);
    return found == users_.end() ? nullptr : found->second.user;
}

Result<UserPtr> StaticUsers::authenticate(const Login& login) {
    std::optional<Entry> entry;
    {
        const std::shared_lock lock(mutex_);
        if (const auto found = users_.find(login.name); found != users_.end()) {
            entry = found->second;
        } else if (anonymous_ != nullptr && is_anonymous_name(login.name)) {
            return anonymous_;
        }
    }
    if (!entry) return fail(Code::not_mine, "no such user among those of the program");
    if (!login.by_certificate && !matches(login.password, entry->digest)) return fail(Code::denied, "wrong password");
    return std::move(entry->user);
}

void StaticUsers::pretend(const Login& login) { static_cast<void>(matches(login.password, decoy_)); }

StaticUsers::Digest StaticUsers::digest_of(const Password& password) const {
    Digest out{};
    const std::string_view text = password.text().substr(0, max_password);
    crypto_generichash(out.data(), out.size(), byte_pointer(text), text.size(), key_.data(), key_.size());
    return out;
}

bool StaticUsers::matches(const Password& password, const Digest& digest) const {
    const Digest mine = digest_of(password);
    const bool same = sodium_memcmp(mine.data(), digest.data(), mine.size()) == 0;
    return same && password.text().size() <= max_password;
}

}  // namespace wherry
