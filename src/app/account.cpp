#include "app/account.h"

#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace wherry::app {

Result<void> become(const SystemAccount& account) {
    const SystemIdentity& who = account.identity;
    if (who.uid == getuid() && who.uid == geteuid()) return {};
    if (geteuid() != 0) return fail(Code::denied, "becoming " + account.name + ": start as root, or as that account");
    const std::vector<gid_t> groups(who.groups.begin(), who.groups.end());
    // glibc does so in all threads. Without root in any of the three it can never be had again, nor a capability.
    if (setgroups(groups.size(), groups.data()) != 0 || setresgid(who.gid, who.gid, who.gid) != 0 ||
        setresuid(who.uid, who.uid, who.uid) != 0) {
        return fail_errno(errno, "becoming", account.name);
    }
    return {};
}

Result<void> check_readable(const std::string& folder) {
    if (faccessat(AT_FDCWD, folder.c_str(), R_OK | X_OK, AT_EACCESS) == 0) return {};
    return fail_errno(errno, "reading", folder);
}

bool is_writable(const std::string& folder) { return faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) == 0; }

}  // namespace wherry::app
