#pragma once
// Filesystem: where files live. Wherry brings a folder of this machine (posix_filesystem), a tree in memory
// (memory_filesystem), several of them as one tree (mount_filesystem) and a read-only wrapper; users write their own.
//
// Every function here may block: Wherry calls it on a worker thread (a "lane"), several at once for different sessions,
// so an implementation guards its own state. No function throws by contract; one that does all the same costs its
// session an error (Code::internal) and nothing else.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wherry/path.h"
#include "wherry/result.h"

namespace wherry {

enum class Kind : std::uint8_t { file, directory, symlink, other };

// What is known of an object. Times are UTC; sizes are bytes.
struct Stat {
    Kind kind = Kind::file;
    std::uint64_t size = 0;
    std::int64_t modified = 0;  // seconds since 1970-01-01; may be negative
    std::uint32_t modified_nsec = 0;
    std::uint32_t mode = 0644;  // permission bits, 07777
    std::uint32_t links = 1;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t inode = 0;  // 0: unknown
    std::uint64_t device = 0;
    std::int64_t changed = 0;  // its bytes or anything else of it (ctime), nanoseconds since 1970; 0: unknown

    bool is_file() const noexcept { return kind == Kind::file; }
    bool is_directory() const noexcept { return kind == Kind::directory; }
    static Stat file(std::uint64_t size, std::int64_t modified = 0);
    static Stat directory(std::int64_t modified = 0);
};

// One name of a directory. `stat` is what lstat of the name says (a symlink stays a symlink).
struct Entry {
    std::string name{};
    Stat stat{};
    std::string target{};  // of a symlink, where the filesystem tells it; else empty
};

// What a reader of a directory wants to know; the less, the cheaper.
enum class Detail : std::uint8_t { names, full };

// An open directory, read in batches so that a million names need no memory. Used by one thread at a time; closed by
// its destructor. Entries that vanish while it is read are left out; "." and ".." are never there.
class Listing {
public:
    virtual ~Listing() = default;
    // Replaces `out` by up to `most` further entries, in no order; an empty result means the end.
    // `out` keeps its capacity, so that one vector serves the whole listing.
    virtual Result<void> next(std::vector<Entry>& out, std::size_t most) = 0;
};
using ListingPtr = std::unique_ptr<Listing>;

// A Listing of entries that are at hand: the easiest answer of one's own Filesystem::list.
ListingPtr memory_listing(std::vector<Entry> entries);

// How a file is to be opened.
struct OpenMode {
    bool read = false;
    bool write = false;
    bool create = false;        // make it if it is not there
    bool truncate = false;      // drop what is in it
    bool exclusive = false;     // with create: fail with Code::exists if it is there
    bool atomic = false;        // with write: nothing is seen under the name before close() says so (see File::close)
    bool keep_partial = false;  // with atomic: on failure leave what came as "<name>.partial"; else drop it
    bool wait = true;  // false: if this would have to wait for a disk or a network, fail with Code::would_block
    std::uint32_t mode = 0666;  // of a new file, before the umask of this filesystem
    // Where the transfer will begin (REST, APPE): a hint for a store that opens streams. Whoever ignores it loses
    // nothing, since all reading and writing names its offset.
    std::uint64_t offset = 0;

    static OpenMode for_reading() { return {.read = true}; }
    static OpenMode for_writing() { return {.write = true, .create = true, .truncate = true}; }
};

// An open regular file. Used by one thread at a time, though not always the same one.
class File {
public:
    virtual ~File() = default;  // without close(): as failed() and close()

    virtual Result<Stat> stat() = 0;
    // Reads at `offset` into `into`; fewer bytes than asked for only at the end; 0 at or past it.
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into);
    // Writes all of `from` at `offset`. Code::no_space and Code::quota where that is the reason.
    virtual Result<void> write_at(std::uint64_t offset, std::span<const std::byte> from);
    virtual Result<void> truncate(std::uint64_t size);
    // The client has announced (ALLO) that the file will have `size` bytes: room may be set aside, and Code::no_space
    // or Code::quota refuses the upload before it begins. Unless overridden nothing is done, since clients may announce
    // anything.
    virtual Result<void> allocate(std::uint64_t size);
    // Writes at `to` up to `bytes` bytes that `source` has from `from` on, and says how many; 0 only at the end of
    // `source`. Unless overridden it reads and writes; files of one disk can do better.
    virtual Result<std::uint64_t> copy_from(File& source, std::uint64_t from, std::uint64_t to, std::uint64_t bytes);

    // The transfer did not end well, and why. Called before close(), at most once; an atomic file is not published
    // then.
    virtual void failed(Code cause);
    // Ends the use of the file and, for an upload, publishes it: only when this succeeds is the upload a success. After
    // failed() the close() of an upload answers with that cause.
    virtual Result<void> close();

    // For kernels' short cuts: a descriptor that sendfile(2) and splice(2) can use with explicit offsets, or -1. It
    // stays the file's property.
    virtual int descriptor() const noexcept { return -1; }
};
using FilePtr = std::unique_ptr<File>;

// Free and total bytes of the place a path is in.
struct Space {
    std::uint64_t free = 0;
    std::uint64_t total = 0;
};

// Checksums that clients may ask for.
enum class Hash : std::uint8_t { crc32, md5, sha1, sha256, sha512 };

class Filesystem {
public:
    virtual ~Filesystem() = default;

    // --- three functions make a readable filesystem ----------------------------------------------------------------
    virtual Result<Stat> stat(const Path& path) = 0;  // follows symlinks
    virtual Result<ListingPtr> list(const Path& path, Detail detail) = 0;
    virtual Result<FilePtr> open(const Path& path, const OpenMode& mode) = 0;

    // --- the rest answers Code::unsupported until it is overridden ---------------------------------------------------
    virtual Result<Stat> lstat(const Path& path) { return stat(path); }  // does not follow the last symlink
    virtual Result<void> make_directory(const Path& path, std::uint32_t mode);
    virtual Result<void> remove_directory(const Path& path);        // must be empty
    virtual Result<void> remove_file(const Path& path);             // files and symlinks, never a directory
    virtual Result<void> rename(const Path& from, const Path& to);  // replaces an existing file, as POSIX does
    virtual Result<void> set_mode(const Path& path, std::uint32_t mode);
    // Times in seconds since 1970-01-01 UTC. Unless overridden: Code::unsupported, as no filesystem of Linux can set
    // when a file was made.
    virtual Result<void> set_modified(const Path& path, std::int64_t seconds);
    virtual Result<void> set_created(const Path& path, std::int64_t seconds);
    virtual Result<std::string> read_link(const Path& path);
    virtual Result<Space> space(const Path& path);
    // Numbers as the system has them; no group: it stays. For commands that an operator must have allowed.
    virtual Result<void> set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid);
    // A symlink `path` that leads to `target`, which need not exist; Code::exists if the name is taken. It must never
    // lead out of the filesystem, whatever is renamed later.
    virtual Result<void> make_symlink(const Path& path, const Path& target);
    // The checksum, in lower-case hexadecimal, of the bytes of a file from `from` to before `to`, from a store that
    // knows it without reading them. Code::unsupported: Wherry reads the file.
    virtual Result<std::string> hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to);

    // True if open() and stat() honour `wait == false` and are then quick and never wait: Wherry calls them on the
    // network thread first and spares the worker. Leave it false unless you are sure.
    virtual bool can_answer_at_once() const noexcept { return false; }
    // stat() that never waits; only called if can_answer_at_once(). Code::would_block: ask again from a lane.
    virtual Result<Stat> stat_at_once(const Path& path);
};
using FilesystemPtr = std::shared_ptr<Filesystem>;

// --- what Wherry brings ---------------------------------------------------------------------------------------------

// What a symlink inside the served folder may do. But for `anywhere` it can never lead outside of it.
enum class Symlinks : std::uint8_t {
    inside,    // followed as long as every step stays inside the folder
    never,     // listed, never followed
    anywhere,  // followed wherever it leads; only if the folder is "/", where nothing is outside
};

// An account of this machine, by its numbers.
struct SystemIdentity {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  // supplementary ones; gid needs not be among them
    friend bool operator==(const SystemIdentity&, const SystemIdentity&) = default;
};

struct PosixOptions {
    Symlinks symlinks = Symlinks::inside;
    std::uint32_t umask = 022;
    bool sync = false;        // fsync(2) before an upload is called complete
    bool use_openat2 = true;  // false: always the component-wise walk that older kernels get
    // Each operation, from the opening of the folder on, is done as this account: the kernel checks its rights, and new
    // files belong to it. Needs root or CAP_SETUID and CAP_SETGID; Code::denied without. The thread that does the
    // operation has the file system identity of the account meanwhile (setfsuid(2)), and no other thread has.
    std::optional<SystemIdentity> as;
};
// The folder `root` of this machine as "/". The folder is opened once, here; a path is resolved by the kernel beneath
// that descriptor (openat2(2), RESOLVE_BENEATH), so neither ".." nor a symlink nor a race with somebody who exchanges
// them leads out. Regular files and directories only: a device, FIFO or socket is Code::not_regular. Fails if `root`
// cannot be opened as a directory.
//
// An atomic upload is written to ".wherry-<16 hexadecimal digits>.part" beside its target: a name that clients neither
// see nor may use. A server that is killed leaves such a file; it goes with its directory, or is deleted by hand.
Result<FilesystemPtr> posix_filesystem(const std::string& root, const PosixOptions& options = {});

// A tree in memory, writable; for tests and for made-up content.
FilesystemPtr memory_filesystem();

// `inner` without any way to change it: all such calls answer Code::read_only.
FilesystemPtr read_only_filesystem(FilesystemPtr inner);

// Names that clients do not see or may not use. Patterns are `*` and `?` for one component; one that holds a "/" is
// compared with the whole path, component by component ("/private/*.key"). They are about the names of a path, not
// about what a symlink in the tree leads to.
enum class DotFiles : std::uint8_t {
    show,
    hide,  // as if they were in NameRules::hide
    deny,  // as if they were in NameRules::deny
};
struct NameRules {
    std::vector<std::string> hide;        // left out of listings; who knows the name may use it
    std::vector<std::string> deny;        // left out of listings; every use of a path with such a name in it is refused
    DotFiles dot_files = DotFiles::show;  // names that begin with "."
    bool empty() const noexcept { return hide.empty() && deny.empty() && dot_files == DotFiles::show; }
    friend bool operator==(const NameRules&, const NameRules&) = default;
};
// `inner` with such rules. What is denied is Code::name_not_allowed.
FilesystemPtr filtered_filesystem(FilesystemPtr inner, NameRules rules);

// Several filesystems as one tree: the one whose mount point is the longest prefix of a path serves it. Mount points
// that have no directory of their name beneath them are shown as directories in listings. Renaming from one filesystem
// into another is Code::unsupported. `at` "/" is the tree itself; without it the root is an empty directory. A mount
// point and the directories above it can be neither removed nor renamed. Throws std::invalid_argument for a mount
// without a filesystem and for two at the same place.
struct Mount {
    Path at{};
    FilesystemPtr filesystem{};
};
FilesystemPtr mount_filesystem(std::vector<Mount> mounts);

// A read-only File over bytes in memory: the easiest answer of one's own Filesystem::open.
FilePtr memory_file(std::string content, std::int64_t modified = 0);

}  // namespace wherry
