#pragma once
// Chain: who decides about a login. The authenticators of a server in their order, and the rule that a stranger learns
// nothing from a refusal.
#include <vector>

#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// How one attempt ended. `user` is what the client may learn: the user, or always the same Code::denied, "login
// incorrect". `reason` is for the log alone, and only set on failure: Code::not_found for a user nobody knows,
// Code::denied for wrong credentials, Code::name_not_allowed for an impossible name, Code::internal for an exception or
// a broken answer, or whatever else an authenticator said.
struct ChainAnswer {
    Result<UserPtr> user;
    Error reason;
};

// Immutable, so any number of threads may ask at once; a change of the list is a new Chain. authenticate() blocks as
// long as its authenticators do.
class Chain {
public:
    // Null pointers are left out.
    explicit Chain(std::vector<AuthenticatorPtr> authenticators);

    // Asks one after the other until one knows the user. On every failure of a possible name the authenticators that
    // did not look at the password pretend to: whether the user is unknown, or known to this or that one, the same work
    // is done (CVE-2004-1602 told them apart by time). An authenticator whose own fault ends the login is left alone.
    ChainAnswer authenticate(const Login& login) const;

private:
    void pretend_all_but(const Authenticator* one, const Login& login) const;

    std::vector<AuthenticatorPtr> authenticators_;
};

}  // namespace wherry
