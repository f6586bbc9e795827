#pragma once
// THE list of authenticators that a configuration can name.
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/accounts.h"
#include "auth/shared_keys.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// What the configuration says about one of them.
struct AuthenticatorSettings {
    std::string source;  // where the users are: for "file" the path of the users file
};

// One that was made from a configuration, and how to make it look at its source again.
struct ConfiguredAuthenticator {
    AuthenticatorPtr authenticator;
    std::function<Result<void>()> reload;                // on error all stays as it was
    std::function<std::vector<std::string>()> warnings;  // of the last reading; for the operator
    std::function<std::vector<KeyOfUser>()> keys{};      // likewise; empty: its users have none
    // Who is named in the configuration; empty: whoever would come in by a certificate of that name.
    std::function<Result<NamedUser>(const std::string& name)> named{};
};

struct AuthenticatorKind {
    std::string_view name;    // in the configuration
    std::string_view source;  // what AuthenticatorSettings::source is, for the documentation
    std::string_view sentence;
    Result<ConfiguredAuthenticator> (*make)(const AuthenticatorSettings& settings);
};

std::span<const AuthenticatorKind> authenticator_kinds();

// Code::invalid for a name that is not in the list, with the one that was probably meant.
Result<ConfiguredAuthenticator> make_authenticator(std::string_view kind, const AuthenticatorSettings& settings);

}  // namespace wherry
