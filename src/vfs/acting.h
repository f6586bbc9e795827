#pragma once
// Acting: this thread does what it does with files as somebody else, until the object goes.
//
// The file system identity (setfsuid(2), setfsgid(2)) and the supplementary groups (setgroups(2), by the system call
// and not by the C library, which would change all threads) belong to one thread; nothing else of the process changes,
// so nobody can send signals to us as that user. While the identity is not root's, the kernel leaves out of account
// what root may do with files (capabilities(7)).
#include <vector>

#include "wherry/filesystem.h"

namespace wherry::vfs {

class Acting {
public:
    explicit Acting(const SystemIdentity& who);
    // Takes the thread's own identity again. If that fails the program ends: it must not go on as a user.
    ~Acting();
    Acting(const Acting&) = delete;
    Acting& operator=(const Acting&) = delete;

    // False: the process may not do this, and the thread is as it was. Then nothing may be done.
    bool begun() const noexcept { return begun_; }

private:
    void restore() noexcept;
    std::vector<unsigned> groups_;  // the thread's own, as the two below
    unsigned uid_ = 0;
    unsigned gid_ = 0;
    bool begun_ = false;
    bool groups_changed_ = false;
};

}  // namespace wherry::vfs
