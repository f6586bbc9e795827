#pragma once
// The users that a configuration names: its own [users.NAME] tables and its users files.
#include <string>
#include <vector>

#include "auth/authenticators.h"
#include "service/config.h"
#include "wherry/result.h"

namespace wherry {

class UserSources {
public:
    UserSources() = default;  // nobody
    // Reads them all and opens the users' folders; blocks. The error has all mistakes of all files, one line each.
    static Result<UserSources> load(const Config& config);

    // In the order in which they are to be asked.
    std::vector<AuthenticatorPtr> authenticators() const;
    // What is allowed and yet unwise, one sentence each.
    std::vector<std::string> warnings() const;
    // Whom an operator has named; nobody logs in. Code::not_found if there is none of that name. Blocks.
    Result<NamedUser> user_named(const std::string& name) const;
    // The keys of I2FTP and whose they are.
    std::vector<KeyOfUser> keys() const;
    // Reads every file again; from any thread, blocks. A file with a mistake leaves its users as they were, and its
    // error is among the results.
    std::vector<Error> reload() const;

private:
    std::vector<ConfiguredAuthenticator> sources_;
};

}  // namespace wherry
