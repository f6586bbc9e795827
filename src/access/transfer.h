#pragma once
// Transfer: one upload or download, from open to its single end. The only thing in Wherry that moves file bytes.
//
// Workspace::open_read and open_write make it. It belongs to one loop. Whoever has it moves bytes (send_to and
// receive_from for a stream, read_at and write_at for protocols that ask for ranges) and then calls finish() exactly
// once, with what became of it; that settles the file, the quota, the permit, the event and the metrics. A Transfer
// that is destroyed unfinished counts as aborted: its file is dropped on the disk lane.
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "access/commons.h"
#include "access/throttle.h"
#include "core/newline.h"
#include "net/stream.h"
#include "wherry/filesystem.h"

namespace wherry {

// How the moving ended, and on which side it failed.
struct Outcome {
    enum class Side : std::uint8_t { none, network, file };
    Code cause = Code::ok;
    Side side = Side::none;
    int system = 0;

    bool complete() const noexcept { return cause == Code::ok; }
    static Outcome network(Code cause, int system = 0) { return {cause, Side::network, system}; }
    static Outcome file(Code cause, int system = 0) { return {cause, Side::file, system}; }
};

// What the bytes are on the wire: as they are (TYPE I), or text with CRLF line ends (TYPE A).
enum class Encoding : std::uint8_t { image, ascii };

class Transfer {
public:
    enum class Direction : std::uint8_t { download, upload };

    // What open_read and open_write have gathered. `file` is open, `permit` held.
    struct Parts {
        Commons& commons;
        net::Loop& loop;
        SessionInfo session;  // only filled if an event will want it
        Path path;
        FilePtr file;
        Direction direction = Direction::download;
        std::uint64_t offset = 0;    // where in the file it begins
        std::uint64_t old_size = 0;  // of the file before an upload
        std::uint64_t size = 0;      // of the file when it was opened
        Stat opened;                 // of a download: what the file was then
        bool existed = true;
        bool truncated = false;    // opening it for an upload has dropped what was in it
        bool quick_close = false;  // closing waits for nothing: no worker is needed
        Permit permit;
        Throttle throttle;
        Reservation reservation;
        UploadPolicy policy;       // of an upload
        FilesystemPtr filesystem;  // where the policy needs it: to ask for free space on the way, to remove the file
    };
    explicit Transfer(Parts parts);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // Moves the whole of it, in slices with a turn of the loop between them. `stall`: the stream is given up when no
    // byte moved for so long. Ends with the cause of stream.abort() if there was one.
    net::Task<Outcome> send_to(net::Stream& stream, Encoding encoding, net::Duration stall);
    net::Task<Outcome> receive_from(net::Stream& stream, Encoding encoding, net::Duration stall);

    // Ranges, for datagram and request protocols.
    net::Task<Result<std::size_t>> read_at(std::uint64_t offset, std::span<std::byte> into);
    net::Task<Result<void>> write_at(std::uint64_t offset, std::span<const std::byte> from);

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

    // It was no transfer after all (a client that only asked for the size): finish() tells nobody.
    void uncounted() noexcept { uncounted_ = true; }

    // The only end. For an upload that moved completely this publishes the file; its error is then the upload's.
    net::Task<Result<void>> finish(Outcome outcome);

    Direction direction() const noexcept { return parts_.direction; }
    const Path& path() const noexcept { return parts_.path; }
    std::uint64_t size() const noexcept { return parts_.size; }
    std::uint64_t offset() const noexcept { return parts_.offset; }
    const Stat& opened() const noexcept { return parts_.opened; }
    std::uint64_t moved() const noexcept { return moved_; }  // bytes on the wire so far

private:
    struct Slice;  // what one turn of a worker has received
    net::Task<Outcome> send_by_kernel(net::Stream& stream, net::Duration stall, bool& unsupported);
    net::Task<Outcome> send_by_copy(net::Stream& stream, Encoding encoding, net::Duration stall);
    net::Task<Outcome> write_out(net::Stream& stream, std::span<const std::byte> bytes, net::Duration stall);
    net::Task<Outcome> receive_by_worker(net::Stream& stream, net::Duration stall);
    net::Task<Outcome> receive_by_copy(net::Stream& stream, Encoding encoding, net::Duration stall);
    net::Task<bool> pay(net::Stream& stream, std::uint64_t bytes, net::Duration stall);
    Outcome ended(const net::Stream& stream, net::Io io) const;

    // On a worker of the disk lane:
    Slice receive_slice(const net::Stream& stream, std::span<std::byte> scratch, std::uint64_t most);
    bool linger(int socket, const Slice& slice) const;
    bool receive_once(int socket, std::span<std::byte> scratch, std::uint64_t most, Slice& slice);
    bool splice_once(int socket, std::span<std::byte> scratch, std::uint64_t most, Slice& slice);
    bool empty_pipe(std::size_t bytes, std::span<std::byte> scratch, Slice& slice);
    bool keep(std::span<const std::byte> bytes, Slice& slice);
    bool open_pipe();
    void close_pipe();
    Result<void> store(std::uint64_t offset, std::span<const std::byte> bytes);
    Result<void> reserve(std::uint64_t end);
    bool has_changed() const;
    void close_file(Code cause);
    bool to_be_dropped(Code cause) const noexcept;
    void account(Code cause);
    void settle(Code cause);

    Parts parts_;
    std::uint64_t at_;  // in the file
    std::uint64_t moved_ = 0;
    net::TimePoint began_;
    Result<void> closed_;     // what closing said, once it is closed
    int pipe_[2] = {-1, -1};  // for splice(2), made when an upload turns out to be large
    bool may_splice_ = true;
    bool finished_ = false;
    bool uncounted_ = false;
    std::uint64_t space_checked_ = 0;  // how far the free-space floor was looked at
};
using TransferPtr = std::unique_ptr<Transfer>;

}  // namespace wherry
