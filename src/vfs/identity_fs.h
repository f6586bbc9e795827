#pragma once
// IdentityFilesystem: another filesystem, of which every operation is done as one account of this machine. What
// posix_filesystem() gives out with PosixOptions::as.
#include <functional>
#include <memory>

#include "vfs/acting.h"
#include "wherry/filesystem.h"

namespace wherry::vfs {

// Makes the calling thread act as somebody for as long as what it gives lives; null if that cannot be. `acting` is the
// real one; tests watch who acts when.
using Act = std::function<std::shared_ptr<void>(const SystemIdentity& who)>;
std::shared_ptr<void> acting(const SystemIdentity& who);

// Nothing is answered at once: the network's threads are nobody's.
class IdentityFilesystem final : public Filesystem {
public:
    IdentityFilesystem(FilesystemPtr inner, SystemIdentity who, Act act = acting);
    ~IdentityFilesystem() override;

    Result<Stat> stat(const Path& path) override;
    Result<Stat> lstat(const Path& path) override;
    Result<ListingPtr> list(const Path& path, Detail detail) override;
    // A file for writing has no descriptor to give: what is written must be written as its user.
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override;
    Result<void> make_directory(const Path& path, std::uint32_t mode) override;
    Result<void> remove_directory(const Path& path) override;
    Result<void> remove_file(const Path& path) override;
    Result<void> rename(const Path& from, const Path& to) override;
    Result<void> set_mode(const Path& path, std::uint32_t mode) override;
    Result<void> set_modified(const Path& path, std::int64_t seconds) override;
    Result<void> set_created(const Path& path, std::int64_t seconds) override;
    Result<std::string> read_link(const Path& path) override;
    Result<Space> space(const Path& path) override;
    Result<void> set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) override;
    Result<void> make_symlink(const Path& path, const Path& target) override;
    Result<std::string> hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) override;

    // Whom its files and listings share with it.
    struct Who {
        SystemIdentity identity;
        Act act;
        // `call()` as that account; Code::denied if we may not be it.
        template <class Call>
        auto as(Call call) const -> decltype(call()) {
            const auto now = act(identity);
            if (!now) {
                return fail(Code::denied, "acting as uid " + std::to_string(identity.uid) +
                                              ": this needs root, or CAP_SETUID and CAP_SETGID");
            }
            return call();
        }
    };

private:
    FilesystemPtr inner_;
    std::shared_ptr<const Who> who_;
};

}  // namespace wherry::vfs
