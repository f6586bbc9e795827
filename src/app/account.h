#pragma once
// Giving up root for an account of this machine, once what only root may do is done.
#include <string>

#include "auth/accounts.h"
#include "wherry/result.h"

namespace wherry::app {

// Makes this process, with all its threads, that account and its groups, for good. Nothing to do if it is that account
// already; else only root can. After a failure the process may be half of each, and must end.
Result<void> become(const SystemAccount& account);

// Code::denied unless this process may look into that folder and open what is in it.
Result<void> check_readable(const std::string& folder);
bool is_writable(const std::string& folder);

}  // namespace wherry::app
