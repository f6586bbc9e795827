// Strings that may be password hashes. None is computed with: a hash names its own cost.
#include "auth/password.h"

#include "auth/crypt_hash.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wherry::fuzz::require;
    const std::string_view hash = wherry::fuzz::text_of(data, size);
    const std::string_view cost = wherry::cost_of_hash(hash);
    require(hash.starts_with(cost), "the cost is the front of the hash");
    if (wherry::is_password_hash(hash)) {
        require(cost.size() >= 3 && cost.starts_with('$'), "every hash names its form");
        require(cost.size() < hash.size(), "and is more than that");
        require(!hash.contains('\0') && !hash.contains('\n') && !hash.contains(':'), "a hash is one field of a line");
    } else {
        require(cost.empty() && !wherry::is_weak_password_hash(hash), "what is no hash has no cost");
        const auto verdict = wherry::verify_password(hash, wherry::Password("secret"));
        require(!verdict.match && !verdict.needs_rehash && !verdict.failed, "what is no hash matches nothing");
        require(wherry::verify_crypt(hash, "secret") == wherry::CryptAnswer::mismatch, "what is no hash is a mismatch");
    }
    if (const auto* form = wherry::crypt_form(hash)) require(hash.starts_with(form->prefix), "a form has a prefix");
    return 0;
}
