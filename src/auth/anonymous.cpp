#include "auth/anonymous.h"

#include <utility>

#include "core/text.h"

namespace wherry {

bool is_anonymous_name(std::string_view name) noexcept { return iequals(name, "anonymous") || iequals(name, "ftp"); }

AnonymousUser anonymous_user(FilesystemPtr filesystem, Perm letters) {
    AnonymousUser out;
    out.user.name = "anonymous";
    out.user.anonymous = true;
    out.user.filesystem = std::move(filesystem);
    out.user.permissions = letters;
    out.warning = anonymous_warning(out.user);
    return out;
}

std::string anonymous_warning(const User& user) {
    if (!user.anonymous) return {};
    Perm changing = user.permissions;
    for (const PermissionRule& rule : user.rules) changing = changing | rule.letters;
    changing = changing & (perm::write | Perm("SDO"));
    if (changing.empty()) return {};
    return "anyone may change files: the anonymous user has the permissions \"" + changing.text() +
           "\"; if that is not meant, leave these letters out";
}

}  // namespace wherry
