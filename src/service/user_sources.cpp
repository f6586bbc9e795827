#include "service/user_sources.h"

#include <utility>

#include "auth/file_users.h"
#include "core/text.h"
#include "wherry/accounts.h"

namespace wherry {
namespace {

Result<ConfiguredAuthenticator> users_of(const std::string& config_file) {
    FileUsersOptions options;
    options.others = OtherKeys::ignore;
    auto loaded = FileUsers::load(config_file, std::move(options));
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    const auto users = std::move(*loaded);
    return ConfiguredAuthenticator{users, [users] { return users->reload(); }, [users] { return users->warnings(); },
                                   [users] { return users->keys(); }};
}

ConfiguredAuthenticator accounts_of(const Config& config) {
    AccountRules rules = config.system;
    rules.posix = config.filesystem;
    const bool pam = config.system_check == SystemCheck::pam;
    const auto named = [rules](const std::string& name) -> Result<NamedUser> {
        const auto account = find_account(name);
        if (account) return named_account(*account, rules);
        const bool unknown = account.error().code == Code::not_found;
        return fail(unknown ? Code::not_mine : account.error().code, account.error().message);
    };
    return {.authenticator = pam ? pam_accounts(rules, config.pam) : shadow_accounts(rules),
            .reload = [] { return Result<void>(); },
            .warnings = [] { return std::vector<std::string>(); },
            .named = named};
}

Result<NamedUser> named_in(const ConfiguredAuthenticator& source, const std::string& name) {
    if (source.named) return source.named(name);
    Login login;
    login.name = name;
    login.by_certificate = true;
    auto user = source.authenticator->authenticate(login);
    if (!user) return std::unexpected(std::move(user.error()));
    return NamedUser{std::move(*user)};
}

}  // namespace

Result<UserSources> UserSources::load(const Config& config) {
    UserSources all;
    std::string mistakes;
    const auto take = [&](Result<ConfiguredAuthenticator> source) {
        if (source) {
            all.sources_.push_back(std::move(*source));
        } else {
            mistakes += (mistakes.empty() ? "" : "\n") + source.error().message;
        }
    };
    if (config.users_inline) take(users_of(config.file));
    for (const std::string& file : config.users_files) take(make_authenticator("file", {file}));
    if (config.system_users) all.sources_.push_back(accounts_of(config));
    if (!mistakes.empty()) return fail(Code::invalid, std::move(mistakes));
    return all;
}

std::vector<AuthenticatorPtr> UserSources::authenticators() const {
    std::vector<AuthenticatorPtr> all;
    for (const ConfiguredAuthenticator& source : sources_) all.push_back(source.authenticator);
    return all;
}

std::vector<std::string> UserSources::warnings() const {
    std::vector<std::string> all;
    for (const ConfiguredAuthenticator& source : sources_) {
        for (std::string& warning : source.warnings()) all.push_back(std::move(warning));
    }
    return all;
}

Result<NamedUser> UserSources::user_named(const std::string& name) const {
    for (const ConfiguredAuthenticator& source : sources_) {
        auto user = named_in(source, name);
        if (user || user.error().code != Code::not_mine) return user;
    }
    return fail(Code::not_found, "there is no user \"" + for_log(name) + "\"");
}

std::vector<KeyOfUser> UserSources::keys() const {
    std::vector<KeyOfUser> all;
    for (const ConfiguredAuthenticator& source : sources_) {
        if (!source.keys) continue;
        for (KeyOfUser& one : source.keys()) all.push_back(std::move(one));
    }
    return all;
}

std::vector<Error> UserSources::reload() const {
    std::vector<Error> errors;
    for (const ConfiguredAuthenticator& source : sources_) {
        if (auto read = source.reload(); !read) errors.push_back(std::move(read.error()));
    }
    return errors;
}

}  // namespace wherry
