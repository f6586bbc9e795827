#include "auth/chain.h"

#include <exception>
#include <string>
#include <utility>

#include "auth/user_name.h"

namespace wherry {

namespace {

ChainAnswer refuse(Error reason) { return {fail(Code::denied, "login incorrect"), std::move(reason)}; }

// Authenticators may be code of the embedder: what they throw or forget must not reach further than this login.
Result<UserPtr> ask(Authenticator& authenticator, const Login& login) {
    try {
        auto answer = authenticator.authenticate(login);
        if (answer && *answer == nullptr) return fail(Code::internal, "an authenticator answered without a user");
        if (answer && (*answer)->filesystem == nullptr) {
            return fail(Code::internal, "an authenticator answered with a user without a filesystem");
        }
        return answer;
    } catch (const std::exception& thrown) {
        return fail(Code::internal, std::string("an authenticator threw: ") + thrown.what());
    } catch (...) {
        return fail(Code::internal, "an authenticator threw something that is no std::exception");
    }
}

}  // namespace

Chain::Chain(std::vector<AuthenticatorPtr> authenticators) : authenticators_(std::move(authenticators)) {
    std::erase(authenticators_, nullptr);
}

ChainAnswer Chain::authenticate(const Login& login) const {
    if (!is_user_name(login.name)) {
        return refuse({Code::name_not_allowed, 0, "a user name has 1 to 255 bytes and no control bytes"});
    }
    for (const AuthenticatorPtr& authenticator : authenticators_) {
        auto answer = ask(*authenticator, login);
        if (answer) return {std::move(answer), {}};
        if (answer.error().code == Code::not_mine) continue;
        pretend_all_but(authenticator.get(), login);
        return refuse(std::move(answer.error()));
    }
    pretend_all_but(nullptr, login);
    return refuse({Code::not_found, 0, "no authenticator knows this user"});
}

void Chain::pretend_all_but(const Authenticator* one, const Login& login) const {
    for (const AuthenticatorPtr& authenticator : authenticators_) {
        if (authenticator.get() == one) continue;
        try {
            authenticator->pretend(login);
        } catch (...) {
            // The login has failed already; there is nothing this could change.
            continue;
        }
    }
}

}  // namespace wherry
