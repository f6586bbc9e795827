#pragma once
// Transfer: one upload or download, from open to its single end. The only thing in Wherry that moves file bytes.
//
// Workspace::open_read and open_write make it. It belongs to one loop. Whoever has it moves bytes (send_to and
// receive_from for a stream, read_at and write_at for protocols that ask for ranges) and then calls finish() exactly
// once, with what became of it; that settles the file, the quota, the permit, the event and the metrics. A Transfer
// that is destroyed unfinished counts as aborted: its file is dropped on the disk lane.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "access/commons.h"
#include "access/file_version.h"
#include "access/throttle.h"
#include "core/newline.h"
#include "core/small_mutex.h"
#include "net/stream.h"
#include "wherry/filesystem.h"

namespace wherry {

class OpenFiles;

// How the moving ended, and on which side it failed.
struct Outcome {
    enum class Side : std::uint8_t { none, network, file };
    Code cause = Code::ok;
    Side side = Side::none;
    int system = 0;
    const char* words = nullptr;  // for the client, where the cause alone does not tell; a literal

    bool complete() const noexcept { return cause == Code::ok; }
    static Outcome network(Code cause, int system = 0) { return {cause, Side::network, system}; }
    static Outcome file(Code cause, int system = 0) { return {cause, Side::file, system}; }
};

// What the bytes are on the wire: as they are (TYPE I), or text with CRLF line ends (TYPE A).
enum class Encoding : std::uint8_t { image, ascii };

// How they travel: MODE S, or MODE Z with a level of compression.
struct Wire {
    Encoding encoding = Encoding::image;
    bool deflate = false;
    int level = 6;
    std::uint64_t most_ratio = 0;  // of an upload in MODE Z: see Inflater

    Wire(Encoding how = Encoding::image) : encoding(how) {}
};

class Transfer {
public:
    enum class Direction : std::uint8_t { download, upload };

    // What only an upload has.
    struct Upload {
        std::uint64_t old_size = 0;  // of the file before
        bool existed = true;
        bool truncated = false;    // what was in it has been dropped
        bool to_truncate = false;  // that is still to be done, before the first byte
        bool short_jobs = false;   // the file is on quick storage: small pieces of work need no worker
        bool unique = false;       // the file was made for it, and goes again if nothing comes
        Reservation reservation;
        UploadPolicy policy;
        FilesystemPtr filesystem;  // where the policy needs it: to ask for free space on the way, to remove the file

        // --- while it is received
        bool may_splice = true;
        int pipe[2] = {-1, -1};  // for splice(2), made when it turns out to be large
        const net::Stream* control = nullptr;
        std::uint64_t space_checked = 0;  // how far the free-space floor was looked at
        Result<void> closed;              // what closing said, if a worker did that when it saw the end
    };

    // Stat::changed in half the room: two times that differ are taken for one once in four thousand million.
    static constexpr std::uint32_t folded(std::int64_t time) noexcept {
        const auto bits = static_cast<std::uint64_t>(time) * 0x9e3779b97f4a7c15U;
        return time == 0 ? 0 : std::max<std::uint32_t>(1, static_cast<std::uint32_t>(bits >> 32U));
    }

    // What the file of a download was when it was opened: by this it is known again.
    struct Opened {
        std::uint64_t size = 0;
        std::int64_t modified = 0;
        std::uint64_t inode = 0;  // 0: unknown
        std::uint64_t device = 0;
        std::uint32_t modified_nsec = 0;
        std::uint32_t changed = 0;  // Stat::changed, folded; 0: unknown
        std::uint16_t mode = 0;
        std::uint16_t links = 0;  // the lowest bits of how many
        std::uint32_t uid = 0;
    };

    // What open_read and open_write have gathered. `file` is open, `permit` held.
    struct Parts {
        Commons& commons;
        net::Loop& loop;
        std::unique_ptr<SessionInfo> session;  // for the event; null: nobody wanted it when it began
        Path path;
        FilePtr file;
        std::unique_ptr<Upload> upload;                                 // null: it is a download
        std::uint64_t offset = 0;                                       // where in the file it begins
        std::uint64_t end = std::numeric_limits<std::uint64_t>::max();  // of a download, where it ends in any case
        Opened opened{};                                                // of a download
        Permit permit;
        Throttle throttle;
        bool quick_close = false;  // closing waits for nothing: no worker is needed
    };
    explicit Transfer(Parts parts);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // Moves the whole of it, in slices with a turn of the loop between them. `stall`: the stream is given up when no
    // byte moved for so long. Ends with the cause of stream.abort() if there was one.
    net::Task<Outcome> send_to(net::Stream& stream, Wire wire, net::Duration stall);
    // `control`, if given, is another connection of the client, and the end of that one ends the upload: when `stream`
    // has ended, whoever reads `control` is first let hear whether it has ended too, and may then abort `stream`.
    net::Task<Outcome> receive_from(net::Stream& stream, Wire wire, net::Duration stall,
                                    const net::Stream* control = nullptr);

    // Ranges, for datagram and request protocols.
    net::Task<Result<std::size_t>> read_at(std::uint64_t offset, std::span<std::byte> into);
    net::Task<Result<void>> write_at(std::uint64_t offset, std::span<const std::byte> from);

    // Of an upload: appends up to `bytes` bytes that `source` has from `from` on, without passing them through here
    // where the files can; how many, 0 only at its end.
    net::Task<Result<std::uint64_t>> copy_from(File& source, std::uint64_t from, std::uint64_t bytes);
    // For protocols that send from memory which several transfers share: reads a part into it, and tells whether the
    // file is still the one that was opened. The second reads what needs no waiting, else it is Code::would_block.
    struct Part {
        std::size_t bytes = 0;
        bool changed = false;  // its size or time is another one now
    };
    net::Task<Result<Part>> read_part(std::uint64_t offset, std::span<std::byte> into);
    Result<Part> read_part_at_once(std::uint64_t offset, std::span<std::byte> into);
    // Such bytes have gone over the wire: counts them, and tells how long to wait before more.
    std::chrono::nanoseconds count(std::uint64_t bytes);

    // Of a download, in that filesystem.
    FileVersion version(const void* filesystem) const;
    // From here on a download reads through one descriptor with all others of that table that read the same file; for
    // those that read by read_part() and its like.
    void share_file(OpenFiles& files, const void* filesystem);

    // It was no transfer after all (a client that only asked for the size): finish() tells nobody.
    void uncounted() noexcept { uncounted_ = true; }

    // Whom the event is about. A protocol that knows its clients anyway, and has thousands, may take that off for the
    // time of the transfer; it gives it back before the end.
    bool has_session() const noexcept { return parts_.session != nullptr; }
    void set_session(std::unique_ptr<SessionInfo> session) noexcept { parts_.session = std::move(session); }

    // The only end. For an upload that moved completely this publishes the file; its error is then the upload's.
    net::Task<Result<void>> finish(Outcome outcome);
    // The same for a download whose file is quick to close; false: it is not, and finish() is left to do.
    bool finish_at_once(Outcome outcome);

    // --- for connections on several loops that share one transfer (I2FTP); see transfer_at.cpp -----------------------

    // These block, one after the other whoever calls: on a worker only. After finish() they answer Code::closed.
    // `counted`: the bytes go to the client, and not only into a digest.
    Result<std::size_t> read_now(std::uint64_t offset, std::span<std::byte> into, bool counted);
    Result<void> write_now(std::uint64_t offset, std::span<const std::byte> from);
    Result<void> truncate_now(std::uint64_t size);
    Result<Stat> stat_now();
    // finish() for a caller on any loop.
    net::Task<Result<void>> finish_on(net::Loop& loop, Outcome outcome);
    // Takes bytes that have moved from the rates: how long to wait before moving more. From any thread.
    std::chrono::nanoseconds charge(std::uint64_t bytes, net::TimePoint now);
    // How many bytes its rates let through in that time, of which it has a share now; see Throttle::passes_in.
    std::uint64_t passes_in(std::chrono::milliseconds span) const { return parts_.throttle.passes_in(span); }
    // An upload that rests, waiting to be continued, is none of the transfers that are limited. While nobody uses it.
    void rest();
    // It counts again, for `user` at the address `peer`, which may be another one than before. Code::busy at a limit.
    Result<void> go_on(const User& user, std::string_view peer);

    Direction direction() const noexcept { return parts_.upload ? Direction::upload : Direction::download; }
    // An upload that is not yet seen under its name.
    bool is_atomic() const noexcept { return parts_.upload && parts_.upload->policy.atomic; }
    const Path& path() const noexcept { return parts_.path; }
    // Of the file when it was opened; of a download, no more than it is to move to.
    std::uint64_t size() const noexcept {
        return parts_.upload ? parts_.upload->old_size : std::min(parts_.opened.size, parts_.end);
    }
    std::uint64_t offset() const noexcept { return parts_.offset; }
    const Opened& opened() const noexcept { return parts_.opened; }
    std::uint64_t moved() const noexcept { return moved_; }  // bytes on the wire so far

private:
    static constexpr std::uint64_t short_piece = 256 * 1024;  // stored sooner than a worker would be awake

    struct Slice;  // what one turn of a worker has received
    net::Task<Outcome> send_by_descriptor(net::Stream& stream, net::Duration stall);
    Result<net::Io> send_slice(net::Stream& stream, bool copying, std::uint64_t bytes, std::span<std::byte> scratch);
    net::Task<Outcome> send_by_copy(net::Stream& stream, Encoding encoding, net::Duration stall);
    net::Task<Outcome> send_deflated(net::Stream& stream, Wire wire, net::Duration stall);
    net::Task<Outcome> receive_inflated(net::Stream& stream, Wire wire, net::Duration stall);
    net::Task<Outcome> read_some(net::Stream& stream, std::span<std::byte> room, std::size_t& filled, bool& end);
    net::Task<Outcome> write_out(net::Stream& stream, std::span<const std::byte> bytes, net::Duration stall);
    net::Task<Outcome> receive_by_worker(net::Stream& stream, net::Duration stall);
    net::Task<Outcome> receive_by_copy(net::Stream& stream, Encoding encoding, net::Duration stall);
    net::Task<Outcome> whole(net::Stream& stream);
    bool is_left() const noexcept { return upload().control != nullptr && upload().control->has_ended(); }
    net::Task<bool> pay(net::Stream& stream, std::uint64_t bytes, net::Duration stall);
    Outcome ended(const net::Stream& stream, net::Io io) const;

    // On a worker of the disk lane:
    Slice receive_slice(net::Stream& stream, std::span<std::byte> scratch, std::uint64_t most, bool is_short);
    bool drain(net::Stream& stream, std::span<std::byte> scratch, std::uint64_t most, Slice& slice);
    bool decrypt_once(net::Stream& stream, std::span<std::byte> scratch, std::uint64_t most, Slice& slice);
    bool linger(int socket, const Slice& slice) const;
    bool receive_once(int socket, std::span<std::byte> scratch, std::uint64_t most, Slice& slice);
    bool splice_once(int socket, std::span<std::byte> scratch, std::uint64_t most, Slice& slice);
    bool empty_pipe(std::size_t bytes, std::span<std::byte> scratch, Slice& slice);
    bool keep(std::span<const std::byte> bytes, Slice& slice);
    bool open_pipe();
    void close_pipe();
    Result<void> store(std::uint64_t offset, std::span<const std::byte> bytes);
    Result<void> reserve(std::uint64_t end);
    Result<void> truncate_late();
    bool has_changed() const;
    Result<void> close_file(Code cause);
    bool to_be_dropped(Code cause) const noexcept;
    void account(Code cause, net::TimePoint now);
    void settle(Code cause);
    Upload& upload() const noexcept { return *parts_.upload; }

    [[no_unique_address]] Parts parts_;
    bool finished_ = false;  // these three in a place that alignment leaves
    bool uncounted_ = false;
    SmallMutex shared_;  // of all that read_now() and its neighbours touch
    std::uint64_t at_;   // in the file
    std::uint64_t moved_ = 0;
    net::TimePoint began_;
};
using TransferPtr = std::unique_ptr<Transfer>;

}  // namespace wherry
