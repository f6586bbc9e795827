#pragma once
// Workspace: everything one logged-in user may do to files, with every check inside. The only door from a protocol to a
// filesystem: permission, guards, permits, quota, throttle, event and metric stand here once and nowhere else.
//
// Belongs to one session, on its loop. Every function waits for a worker of the disk lane where it must, never on the
// loop. Errors: Code::denied where a letter is missing or a guard refuses (its message is the guard's text), else what
// the filesystem says.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/commons.h"
#include "access/transfer.h"
#include "net/loop.h"
#include "net/task.h"
#include "wherry/filesystem.h"
#include "wherry/user.h"

namespace wherry {

// How an upload begins.
struct WriteRequest {
    enum class Mode : std::uint8_t {
        store,   // the file will be exactly what comes (STOR); with an offset: from there on (REST + STOR)
        append,  // at the end of what is there (APPE)
    };
    Mode mode = Mode::store;
    std::uint64_t offset = 0;
    std::uint64_t announced = 0;  // bytes the client said will come (ALLO), 0: unknown

    // What the protocol's own settings say; where they are silent, the server's hold.
    std::optional<bool> atomic{};
    std::optional<bool> overwrite{};
    bool only_existing = false;      // Code::not_found for a name that is not there
    std::optional<std::uint32_t> mode_bits{};  // of a new file, before the umask
};

class Workspace {
public:
    Workspace(Commons& commons, net::Loop& loop, UserPtr user, SessionInfo session);

    const User& user() const noexcept { return *user_; }
    const SessionInfo& session() const noexcept { return session_; }
    bool may(const Path& path, char letter) const { return user_->permissions_for(path).has(letter); }
    Perm permissions(const Path& path) const { return user_->permissions_for(path); }

    // --- looking -----------------------------------------------------------------------------------------------------
    net::Task<Result<Stat>> stat(Path path);                       // l; follows symlinks
    net::Task<Result<Entry>> entry(Path path);                     // l; the object itself, with a symlink's target
    net::Task<Result<void>> enter(Path path);                      // e; a directory one may stand in
    net::Task<Result<ListingPtr>> list(Path path, Detail detail);  // l
    // Something with an open listing, on the disk lane: reading a batch and putting it into words in one go.
    template <class Function>
    auto on_disk(Function function) {
        return commons_.runtime.disk().run(loop_, std::move(function));
    }

    // --- moving bytes ------------------------------------------------------------------------------------------------
    net::Task<Result<TransferPtr>> open_read(Path path, std::uint64_t offset);   // r
    net::Task<Result<TransferPtr>> open_write(Path path, WriteRequest request);  // w, or a to append
    // Whether an upload of `bytes` would fit: free space and quota. Code::no_space or Code::quota if not.
    net::Task<Result<void>> room_for(Path path, std::uint64_t bytes);

    // --- changing ----------------------------------------------------------------------------------------------------
    net::Task<Result<void>> make_directory(Path path);                      // m
    net::Task<Result<void>> remove_directory(Path path);                    // d
    net::Task<Result<void>> remove_file(Path path);                         // d
    net::Task<Result<void>> may_rename(Path from);                          // f; that it is there (RNFR)
    net::Task<Result<void>> rename(Path from, Path to);                     // f on both
    net::Task<Result<void>> set_mode(Path path, std::uint32_t mode);        // M; 0 to 0777
    net::Task<Result<void>> set_modified(Path path, std::int64_t seconds);  // T

private:
    UploadPolicy upload_policy() const { return commons_.uploads.get()->with(user_->uploads); }
    Result<void> need(const Path& path, char letter, const char* doing) const;
    Result<void> open_upload(const Path& path, const WriteRequest& request, Transfer::Parts& parts);
    Result<Reservation> reserve(std::uint64_t bytes, std::uint64_t files) const;
    Result<void> check_space(const Path& path, std::uint64_t bytes) const;
    std::optional<std::int64_t> bytes_freed(const Path& path) const;
    template <class Kind, class Tell, class Change>
    net::Task<Result<void>> change(Kind action, Change make, Tell tell);

    Commons& commons_;
    net::Loop& loop_;
    UserPtr user_;
    SessionInfo session_;
    SessionBuckets buckets_;
};

}  // namespace wherry
