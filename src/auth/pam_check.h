#pragma once
// One question to PAM: may this one come in?
#include <string>

#include "wherry/accounts.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// The name of the account that it is, which modules may have changed. Code::denied with what PAM says for everybody who
// may not come in: a wrong password, an account that is unknown, has expired or needs a new password; Code::io where
// PAM could not find out. Any thread, several at once; blocks as long as the modules do, but for the delays after a
// failure, which are left out. `password` is one that fits_pam(); null: it is known who that is, and only the account
// is asked about.
Result<std::string> check_with_pam(const PamRules& rules, const std::string& name, const Password* password,
                                   const std::string& peer);

// Whether modules can be given that password: no byte of it is zero, and there are 1 to 511. That an empty one is none
// of these is on purpose: directory servers take a login without a password for one of nobody in particular.
bool fits_pam(const Password& password);

}  // namespace wherry
