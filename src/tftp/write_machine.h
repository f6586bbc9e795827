#pragma once
// WriteMachine: the receiver's side of an upload (RFC 1350 section 6, windows of RFC 7440), and of a client's download.
//
// It acknowledges the last block of each window, tells a gap once, keeps blocks that came too early, and goes on
// answering repeats of the last block for a while after the end, so that a lost final ACK does no harm.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tftp/blocks.h"
#include "tftp/effects.h"

namespace wherry::tftp {

// Memory for blocks that came too early, shared by all uploads of a server, whose loops take from it at the same time.
struct ReorderBudget {
    std::atomic<std::size_t> left = std::size_t{64} << 20U;

    // False: there is not as much any more.
    bool take(std::size_t bytes) noexcept {
        std::size_t now = left.load(std::memory_order_relaxed);
        while (now >= bytes) {
            if (left.compare_exchange_weak(now, now - bytes, std::memory_order_relaxed)) return true;
        }
        return false;
    }
    void give(std::size_t bytes) noexcept { left.fetch_add(bytes, std::memory_order_relaxed); }
};

// A value; about 400 bytes and what came too early. One thread at a time.
class WriteMachine {
public:
    // Takes the bytes of the file, in order.
    class Sink {
    public:
        virtual void take(Bytes bytes) = 0;

    protected:
        ~Sink() = default;
    };
    struct Options {
        std::uint16_t blksize = 512;
        std::uint16_t window = 1;
        std::uint16_t rollover = 0;
        bool oack = false;                   // begins with an OACK, else with ACK 0
        bool silent_start = false;           // begins with neither: a client's side, whose request is the first word
        bool ack_at_receipt = false;         // the final ACK does not wait for the file to be published
        int reorder_blocks = 3;              // that came too early before a gap is told
        std::size_t write_queue = 1 << 20U;  // bytes accepted and not yet written, before ACKs wait
        std::optional<Span> fixed_rto;
        std::uint32_t seed = 0;  // of the jitter of time-outs; 0: none
    };
    struct Counts {
        std::uint64_t blocks = 0;
        std::uint64_t duplicates = 0;
        std::uint32_t gaps = 0;  // told
        std::uint32_t timeouts = 0;
        std::uint32_t ignored = 0;
    };

    WriteMachine(const Options& options, const Timing& timing, ReorderBudget& budget)
        : options_(options), timing_(timing), budget_(&budget), rto_(timing.rto, options.fixed_rto, options.seed) {}
    WriteMachine(const Options&, const Timing&&, ReorderBudget&) = delete;  // it refers to the times
    ~WriteMachine() { drop_early(); }
    WriteMachine(const WriteMachine&) = delete;
    WriteMachine& operator=(const WriteMachine&) = delete;

    void start(Time now, Effects& out);
    void on_data(Time now, std::uint16_t wire, Bytes payload, Sink& sink, Effects& out);
    void on_error(Time now, Effects& out);
    void on_unreachable(Effects& out);
    void on_duplicate_request(Time now, Effects& out);
    void on_timer(Time now, Effects& out);
    // `bytes` of those that the sink took are written.
    void written(Time now, std::size_t bytes, Effects& out);
    // The file is being published: from here on committed() alone says how this ends, whatever the client and the
    // operator say meanwhile.
    void publishing() noexcept { publishing_ = committing_; }
    // That takes too long: the client hears of an error, and nothing more.
    void publish_late(Effects& out);
    // The file is published; `failure`: it is not.
    void committed(Time now, std::optional<Refusal> failure, Effects& out);
    // No ACK of more data before `time`: a rate limit. What the client repeats meanwhile is not answered.
    void hold_until(Time time) noexcept { hold_ = time; }
    // Ends it with an ERROR to a client that has given a sign of life (or at once, if `always`).
    void cancel(Ending ending, ErrorCode code, std::string_view text, Effects& out, bool always = false);

    std::optional<Time> deadline() const noexcept;
    // Nothing is left to do but to answer repeats; deadline() says how long.
    bool dallying() const noexcept { return dally_.has_value(); }
    bool ended() const noexcept { return ended_ && !dally_; }
    bool committing() const noexcept { return committing_; }
    bool is_publishing() const noexcept { return publishing_; }
    bool verified() const noexcept { return verified_; }
    Time last_heard() const noexcept { return heard_; }
    std::uint64_t received() const noexcept { return received_; }  // blocks, in order
    const Counts& counts() const noexcept { return counts_; }
    std::optional<Span> round_trip() const noexcept { return rto_.smoothed(); }

private:
    void first_reply(Time now, Effects& out);
    void acknowledge(Time now, Effects& out);
    void answer(Time now, Effects& out);
    bool must_wait(Time now) const noexcept { return unwritten_ > options_.write_queue || now < hold_; }
    void accept(Time now, Bytes payload, Sink& sink);
    void accept_early(Sink& sink, Time now);
    void on_duplicate(Time now, std::uint64_t block, Effects& out);
    void on_gap(Time now, std::uint64_t block, Bytes payload, Effects& out);
    void on_dally_data(Time now, std::uint16_t wire, Effects& out);
    void drop_early() noexcept;
    void end(Ending ending, Effects& out);

    Options options_;
    const Timing& timing_;
    ReorderBudget* budget_;
    Rto rto_;
    std::map<std::uint64_t, std::vector<std::byte>> early_;
    std::uint64_t received_ = 0;
    std::uint64_t acked_ = 0;
    std::optional<std::uint64_t> told_gap_;  // the last block before a gap that was told
    std::size_t unwritten_ = 0;
    Time progress_;
    Time heard_;
    Time first_sent_;
    Time acked_at_;
    std::optional<Time> rtx_;
    Time hold_{Time::min()};
    std::optional<Time> gap_;    // when a gap that is open is told at the latest
    std::optional<Time> dally_;  // until when
    Counts counts_;
    int out_of_order_ = 0;
    int tries_ = 0;
    int request_repeats_ = 0;
    int dally_acks_ = 0;
    bool may_sample_ = false;
    bool final_ = false;
    bool ack_owed_ = false;  // until the disk has caught up, and the rate allows it
    bool committing_ = false;
    bool publishing_ = false;
    bool given_up_ = false;  // the client was told so
    bool verified_ = false;
    bool ended_ = false;
};

}  // namespace wherry::tftp
