#pragma once
// The user anybody is: its names, and how it is built.
#include <string>
#include <string_view>

#include "wherry/user.h"

namespace wherry {

// "anonymous" and its old short form "ftp" (RFC 1635), in any case.
bool is_anonymous_name(std::string_view name) noexcept;

struct AnonymousUser {
    User user;
    std::string warning;  // for the operator, when strangers may change files; else empty. The caller prints it.
};

// An anonymous user with `filesystem` as its tree and `letters` everywhere in it.
AnonymousUser anonymous_user(FilesystemPtr filesystem, Perm letters = perm::read);

// The warning above, for a user that was built another way: looks at its permissions and at all its rules.
std::string anonymous_warning(const User& user);

}  // namespace wherry
