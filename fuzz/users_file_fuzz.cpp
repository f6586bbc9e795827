// A users file: all or nothing, and whatever is wrong is said in printable words.
#include "auth/user_file.h"

#include "core/text.h"
#include "fuzz.h"

namespace {

using wherry::fuzz::require;

void check_users(const wherry::UserSet& set) {
    for (const auto& [name, entry] : set.users) {
        require(!name.empty() && name.size() <= 255 && !wherry::has_control(name), "a name can be typed");
        require(entry.user != nullptr && entry.user->filesystem != nullptr, "a user has a home");
        require(entry.hash.empty() || wherry::is_password_hash(entry.hash), "a hash is whole");
        require(!entry.hash.empty() || entry.user->anonymous, "only the anonymous user has no password");
    }
    require(wherry::is_password_hash(set.decoy), "the decoy can be checked against");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content = wherry::fuzz::text_of(data, size);
    const auto cost = wherry::PasswordCost::minimal();
    const auto strict = wherry::parse_user_file(content, "users.toml", cost);
    const auto lenient = wherry::parse_user_file(content, "users.toml", cost, wherry::OtherKeys::ignore);
    if (strict) {
        check_users(*strict);
        require(lenient && lenient->users.size() == strict->users.size(), "who refuses nothing refuses nothing more");
    } else {
        require(!strict.error().message.empty(), "a mistake has a name");
    }
    if (lenient) check_users(*lenient);
    return 0;
}
