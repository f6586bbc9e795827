#include "vfs/acting.h"

#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

namespace wherry::vfs {
namespace {

bool set_groups(const std::vector<unsigned>& groups) {
    return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

std::vector<unsigned> own_groups() {
    std::vector<unsigned> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(0, count)));
    return groups;
}

// Both functions answer with what was before, whether they succeed or not: an impossible number changes nothing.
unsigned file_uid() { return static_cast<unsigned>(::setfsuid(static_cast<uid_t>(-1))); }
unsigned file_gid() { return static_cast<unsigned>(::setfsgid(static_cast<gid_t>(-1))); }

bool become(unsigned uid, unsigned gid) {
    ::setfsgid(gid);
    ::setfsuid(uid);
    return file_uid() == uid && file_gid() == gid;
}

}  // namespace

Acting::Acting(const SystemIdentity& who) : groups_(own_groups()), uid_(file_uid()), gid_(file_gid()) {
    const bool same_groups = std::ranges::equal(groups_, who.groups);
    if (same_groups && uid_ == who.uid && gid_ == who.gid) {
        begun_ = true;  // a server that serves one account and runs as that needs no right for it
        return;
    }
    groups_changed_ = !same_groups && set_groups(std::vector<unsigned>(who.groups.begin(), who.groups.end()));
    begun_ = (same_groups || groups_changed_) && become(who.uid, who.gid);
    if (!begun_) restore();
}

Acting::~Acting() { restore(); }

void Acting::restore() noexcept {
    const bool self = become(uid_, gid_);
    const bool grouped = !groups_changed_ || set_groups(groups_);
    groups_changed_ = false;
    if (!self || !grouped) std::terminate();
}

}  // namespace wherry::vfs
