#pragma once
// ReadMachine: the sender's side of a download (RFC 1350 section 6, windows of RFC 7440), and of a client's upload.
//
// A window is repeated for three causes alone: the retransmission timer, a gap that the client has reported and that
// one round trip has not closed, and one probe at the tail of a window. An ACK by itself never makes it send anything
// again, so that doubled ACKs do not double the data (the Sorcerer's Apprentice, RFC 1123 4.2.3.1).
#include <cstdint>
#include <limits>
#include <optional>

#include "tftp/blocks.h"
#include "tftp/effects.h"

namespace wherry::tftp {

// Some 200 bytes: a server may have tens of thousands. One thread at a time.
class ReadMachine {
public:
    struct Options {
        std::uint16_t window = 1;
        std::uint16_t rollover = 0;
        bool oack = false;        // begins with an OACK, else with DATA
        bool asked_size = false;  // tsize was acknowledged: an ERROR after the OACK is a size probe
        std::optional<Span> fixed_rto;
        std::uint64_t blocks = unknown;
        std::uint32_t seed = 0;  // of the jitter of time-outs; 0: none
    };
    struct Counts {
        std::uint64_t sent = 0;      // DATA packets
        std::uint64_t repeated = 0;  // of these
        std::uint32_t restarts = 0;
        std::uint32_t timeouts = 0;
        std::uint32_t restarted = 0;   // of the repeated ones: in restarts
        std::uint32_t probes = 0;      // likewise
        std::uint32_t duplicates = 0;  // ACKs that said nothing new
    };
    static constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();

    ReadMachine(const Options& options, const Timing& timing) noexcept
        : timing_(timing),
          rto_(timing.rto, options.fixed_rto, options.seed),
          blocks_(options.blocks),
          pace_(timing.pace.value_or(Span(0))),
          window_(options.window),
          rollover_(options.rollover),
          asked_size_(options.asked_size),
          in_oack_(options.oack) {}
    ReadMachine(const Options&, const Timing&&) = delete;  // it refers to the times

    void start(Time now, Effects& out);
    void on_ack(Time now, std::uint16_t wire, Effects& out);
    void on_error(Time now, std::uint16_t code, Effects& out);
    // The client's host says that nobody listens there.
    void on_unreachable(Effects& out);
    // The same request once more.
    void on_duplicate_request(Time now, Effects& out);
    void on_timer(Time now, Effects& out);

    // --- what the driver found when it made the packets of Effects::data
    // `block` and those after it could not be sent: their bytes are still on their way from the disk.
    void starved(Time now, std::uint64_t block) noexcept;
    // Nor could the one block of a probe. It is not waited for: the timer goes on.
    void probe_starved() noexcept;
    void data_ready(Time now, Effects& out);
    // The file ends with `block`.
    void ends_at(std::uint64_t block) noexcept;
    // No more data before `time`: a rate limit.
    void hold_until(Time time) noexcept { hold_ = time; }
    // Ends it: tells the client, if there is one. One that has given no sign of life hears of it only if it is an
    // io_error or a change before the first block: then this is the answer to its request.
    void cancel(Ending ending, ErrorCode code, std::string_view text, Effects& out);

    // When on_timer() is to be called; nullopt: never.
    std::optional<Time> deadline() const noexcept;
    bool ended() const noexcept { return ended_; }
    bool verified() const noexcept { return verified_; }
    Time last_heard() const noexcept { return heard_; }
    std::uint64_t acknowledged() const noexcept { return base_ + acked_; }
    std::uint64_t sent() const noexcept { return base_ + sent_; }
    std::uint64_t blocks() const noexcept { return blocks_; }
    std::uint16_t window() const noexcept { return window_; }
    std::uint16_t rollover() const noexcept { return rollover_; }
    const Counts& counts() const noexcept { return counts_; }
    std::optional<Span> round_trip() const noexcept { return rto_.smoothed(); }

private:
    using Why = SendRange::Why;
    void open_window(Time now, Why why, Effects& out);
    void count_repeated(std::uint64_t blocks) noexcept;
    void pump(Time now, Effects& out);
    void acked_window(Time now, Effects& out);
    Time gap_after(Time now) const noexcept;
    void slow_down() noexcept;
    Span stall() const noexcept;
    void on_rto(Time now, Effects& out);
    void probe_tail(Time now, Effects& out);
    void end(Ending ending, Effects& out) noexcept;
    bool all_sent() const noexcept { return sent() == blocks_; }
    bool window_sent() const noexcept { return sent_ == last(); }
    bool is_starving() const noexcept { return starving_ != never; }
    std::uint16_t in_window(std::uint64_t block) const noexcept { return static_cast<std::uint16_t>(block - base_); }
    std::uint16_t last() const noexcept;
    Time next() const noexcept;

    static constexpr Time never = Time::max();
    const Timing& timing_;
    Rto rto_;
    std::uint64_t blocks_;
    std::uint64_t base_ = 0;  // what was acknowledged when the window was opened; its blocks are counted from there
    Time opened_;             // when the window was
    Time progress_;
    Time heard_;  // the last packet of the client's
    Time first_reply_;
    Time hold_{Time::min()};
    Time rtx_{never};
    Time gap_{never};
    Time tail_{never};
    Time starving_{never};  // since when
    Span pace_;
    Counts counts_;
    std::uint32_t tries_ = 0;
    std::uint16_t acked_ = 0;  // of this window, and all before
    std::uint16_t sent_ = 0;   // the highest of this window
    std::uint16_t once_ = 0;   // the highest that was sent in windows before it; 0: none of this one
    std::uint16_t window_;
    std::uint16_t rollover_;
    std::uint8_t request_repeats_ = 0;
    Why why_ = Why::first_time;
    bool asked_size_;
    bool clean_ = true;  // nothing of this window was sent twice, and it did not have to wait
    bool in_oack_;
    bool verified_ = false;
    bool ended_ = false;
};

}  // namespace wherry::tftp
