#pragma once
// Workspace: everything one logged-in user may do to files, with every check inside. The only door from a protocol to a
// filesystem: permission, guards, permits, quota, throttle, event and metric stand here once and nowhere else.
//
// Belongs to one session, on its loop. Every function waits for a worker of the disk lane where it must, never on the
// loop. Errors: Code::denied where a letter is missing or a guard refuses (its message is the guard's text), else what
// the filesystem says.
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/commons.h"
#include "access/transfer.h"
#include "access/work.h"
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
    bool exclusive = false;       // only if there is nothing of that name: Code::exists
    bool all_or_nothing = false;  // complete or not at all, whatever the server's policy for uploads is
    bool readable = false;        // what was written is to be read again before the end

    // What the protocol's own settings say; where they are silent, the server's hold.
    std::optional<bool> atomic{};
    std::optional<bool> overwrite{};
    std::optional<bool> keep_partial{};
    // Where it is not atomic: what is in the file stays until the first byte has come, and a file that was made for it
    // goes again if none does.
    bool truncate_late = false;
    bool only_existing = false;                // Code::not_found for a name that is not there
    bool world_writable = false;               // Code::denied for a file that not everybody on this machine may write
    std::optional<std::uint32_t> mode_bits{};  // of a new file, before the umask
};

// A part of a file: from the byte `from` to before the byte `to`, or to the end if that is nearer.
struct ByteRange {
    std::uint64_t from = 0;
    std::uint64_t to = std::numeric_limits<std::uint64_t>::max();
};

struct FileDigest {
    std::string hex;  // lower case
    ByteRange range;  // what was read: `to` is at most the size of the file
};

class Workspace {
public:
    Workspace(Commons& commons, net::Loop& loop, UserPtr user, SessionInfo session);

    const User& user() const noexcept { return *user_; }
    UserPtr shared_user() const noexcept { return user_; }
    const SessionInfo& session() const noexcept { return session_; }
    bool may(const Path& path, char letter) const { return user_->permissions_for(path).has(letter); }
    Perm permissions(const Path& path) const { return user_->permissions_for(path); }

    // --- looking -----------------------------------------------------------------------------------------------------
    net::Task<Result<Stat>> stat(Path path);                       // l; follows symlinks
    net::Task<Result<Entry>> entry(Path path);                     // l; the object itself, with a symlink's target
    net::Task<Result<void>> enter(Path path);                      // e; a directory one may stand in
    net::Task<Result<ListingPtr>> list(Path path, Detail detail);  // l
    // The same at once, for those who are on the disk lane already.
    Result<ListingPtr> list_now(const Path& path, Detail detail);
    // Something with an open listing, on the disk lane: reading a batch and putting it into words in one go.
    template <class Function>
    auto on_disk(Function function) {
        return commons_.runtime.disk().run(loop_, std::move(function));
    }

    // The same for a few calls to the user's files: without a hop where these files are quick to answer, unless
    // `more` is done than that.
    template <class Function>
    auto on_disk_shortly(Function function, bool more = false) {
        net::Lane& disk = commons_.runtime.disk();
        const bool is_short = !more && user_->filesystem->can_answer_at_once();
        return is_short ? disk.run_short(loop_, std::move(function)) : disk.run(loop_, std::move(function));
    }

    // --- moving bytes ------------------------------------------------------------------------------------------------
    net::Task<Result<TransferPtr>> open_read(Path path, ByteRange range);        // r
    net::Task<Result<TransferPtr>> open_read(Path path, std::uint64_t offset) {  // r
        return open_read(std::move(path), ByteRange{.from = offset});
    }
    net::Task<Result<TransferPtr>> open_write(Path path, WriteRequest request);  // w, or a to append
    // A new file whose name begins with that of `base` (STOU); it goes again if nothing comes.
    net::Task<Result<TransferPtr>> open_unique(Path base, std::uint64_t announced);  // w
    // Whether an upload of `bytes` would fit: free space and quota. Code::no_space or Code::quota if not.
    net::Task<Result<void>> room_for(Path path, std::uint64_t bytes);
    // How many bytes an upload into that directory may have at most, as far as one can say.
    net::Task<Result<std::uint64_t>> available(Path directory);  // l
    // What the user's account holds; Code::unsupported for a user without any quota, of whom nobody keeps account.
    net::Task<Result<Usage>> usage();

    // --- long work, in batches; Code of Work::stop when it was ended -------------------------------------------------
    // Of a file; on the hash lane. Code::invalid if it ends before range.from, Code::busy if as many of this user are
    // under way as may be.
    net::Task<Result<FileDigest>> digest(Path path, Hash algorithm, ByteRange range, Work& work);  // r
    // Bytes and files in a directory and below; what the user may not list there counts as nothing.
    net::Task<Result<Usage>> measure(Path path, Work& work);  // l
    // A directory with all that is in it. Stops at the first thing that may not or cannot be removed.
    net::Task<Result<void>> remove_tree(Path path, Work& work);  // D, on each object
    // One file to another, which is replaced as by an upload, but always complete or not at all.
    net::Task<Result<void>> copy(Path from, Path to, Work& work);  // r and w
    // Appends the parts to `target`, which is made if need be, and removes them: all of it or nothing. Answers how many
    // parts could not be removed when all was there under its name.
    net::Task<Result<std::size_t>> combine(Path target, std::vector<Path> parts, Work& work);  // w and a; r and d

    // --- changing ----------------------------------------------------------------------------------------------------
    net::Task<Result<void>> make_directory(Path path);                      // m
    net::Task<Result<void>> remove_directory(Path path);                    // d
    net::Task<Result<void>> remove_file(Path path);                         // d
    net::Task<Result<void>> may_rename(Path from);                          // f; that it is there (RNFR)
    net::Task<Result<void>> rename(Path from, Path to);                     // f on both
    net::Task<Result<void>> set_mode(Path path, std::uint32_t mode);        // M; 0 to 0777
    net::Task<Result<void>> set_modified(Path path, std::int64_t seconds);  // T
    net::Task<Result<void>> set_created(Path path, std::int64_t seconds);   // T
    net::Task<Result<void>> set_owner(Path path, std::uint32_t uid, std::optional<std::uint32_t> gid);  // O
    // Not for a user with rules for single directories: a link would be a way around them.
    net::Task<Result<void>> make_symlink(Path path, Path target);  // S

private:
    UploadPolicy upload_policy() const { return commons_.uploads.get()->with(user_->uploads); }
    struct Reading;  // a file that a digest or a copy reads
    net::Task<Result<void>> begin_reading(Path path, net::Lane& lane, Reading& reading);
    net::Task<Outcome> copy_all(Transfer& target, Reading& source, Work& work);
    Result<void> remove_batch(class TreeWalk& walk, std::uint64_t& removed, bool& end);
    Result<void> remove_one(const Path& path, const Stat& stat);
    Result<void> need(const Path& path, char letter, const char* doing) const;
    void begin_upload(Transfer::Parts& parts) const;
    Result<void> open_upload(const Path& path, const WriteRequest& request, Transfer::Parts& parts);
    Result<Reservation> reserve(std::uint64_t bytes, std::uint64_t files) const;
    Result<void> check_space(const Path& path, std::uint64_t bytes) const;
    std::optional<std::int64_t> bytes_freed(const Path& path) const;
    template <class Kind, class Tell, class Change>
    net::Task<Result<void>> change(Kind action, Change make, Tell tell);
    bool is_counted() const noexcept { return user_->limits.storage != 0 || user_->limits.files != 0; }

    Commons& commons_;
    net::Loop& loop_;
    UserPtr user_;
    SessionInfo session_;
    SessionBuckets buckets_;
};

}  // namespace wherry
