#pragma once
// Metrics: one table of counters and gauges per server; adding to one is a relaxed atomic addition from any thread.
//
// A metric may have labels, each with a few values that are known when the program is made: it is then one series for
// each combination of them, whatever strangers send. A summary counts how often something was, and how long it took.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "observe/metric_labels.h"

namespace wherry {

// A row here and a row in the table of metrics.cpp (name, type, sentence, labels); one with labels has its line in
// series_of() besides.
enum class Metric : std::uint8_t {
    connections_total,          // accepted
    connections_refused_total,  // by a limit
    sessions,                   // gauge: live
    logins_total,
    login_failures_total,
    bans_total,
    commands_total,
    downloads_total,  // ended, complete or not
    uploads_total,
    transfers_failed_total,
    transfers,         // gauge: running
    bytes_sent_total,  // file bytes
    bytes_received_total,
    accept_errors_total,  // out of descriptors and the like
    lane_queue_depth,     // gauge: jobs waiting on all lanes
    lane_jobs_total,
    events_dropped_total,
    sink_errors_total,     // exceptions out of event sinks
    tls_handshakes_total,  // that succeeded, of control and data connections
    tls_failures_total,
    tls_resumed_total,    // data connections that resumed the session of their control connection
    tls_kernel_total,     // data connections that the kernel encrypts
    tftp_requests_total,  // TftpDirection, TftpOutcome: that were looked at
    tftp_duplicate_requests_total,
    tftp_malformed_options_total,
    tftp_dropped_total,  // TftpDrop: packets
    tftp_unverified_drops_total,
    tftp_transfers,            // gauge; TftpDirection: running
    tftp_transfers_total,      // TftpDirection, tftp::Ending
    tftp_transfer_seconds,     // summary
    tftp_rtt_seconds,          // summary: of each transfer that knows it at its end
    tftp_bytes_total,          // TftpDirection: of contents
    tftp_probes_total,         // clients that only asked for a size
    tftp_data_packets_total,   // tftp::SendRange::Why: sent
    tftp_data_repeated_total,  // of these
    tftp_data_received_total,  // TftpReceived
    tftp_acks_total,           // TftpAck: received
    tftp_timeouts_total,
    tftp_gaps_total,
    tftp_errors_sent_total,      // TftpCode
    tftp_errors_received_total,  // TftpCode
    tftp_starved_total,
    tftp_cache_bytes,  // gauge
    tftp_cache_hits_total,
    tftp_cache_loads_total,       // TftpLoad
    tftp_hooks_total,             // TftpHook, TftpHookEnd
    tftp_timer_lag_seconds,       // summary
    datagram_gso_calls_total,     // several datagrams given to the kernel as one
    datagram_gso_fallback_total,  // GsoFallback
    datagram_send_errors_total,   // SendError
    count_,                       // not a metric: how many there are
};

// How many series a metric has.
constexpr std::size_t series_of(Metric metric) noexcept {
    switch (metric) {
        case Metric::tftp_requests_total: return label_values<TftpDirection> * label_values<TftpOutcome>;
        case Metric::tftp_dropped_total: return label_values<TftpDrop>;
        case Metric::tftp_transfers:
        case Metric::tftp_bytes_total: return label_values<TftpDirection>;
        case Metric::tftp_transfers_total: return label_values<TftpDirection> * tftp_endings;
        case Metric::tftp_data_packets_total: return tftp_causes_to_send;
        case Metric::tftp_data_received_total: return label_values<TftpReceived>;
        case Metric::tftp_acks_total: return label_values<TftpAck>;
        case Metric::tftp_errors_sent_total:
        case Metric::tftp_errors_received_total: return label_values<TftpCode>;
        case Metric::tftp_cache_loads_total: return label_values<TftpLoad>;
        case Metric::tftp_hooks_total: return label_values<TftpHook> * label_values<TftpHookEnd>;
        case Metric::datagram_gso_fallback_total: return label_values<GsoFallback>;
        case Metric::datagram_send_errors_total: return label_values<SendError>;
        case Metric::tftp_transfer_seconds:
        case Metric::tftp_rtt_seconds:
        case Metric::tftp_timer_lag_seconds: return 2;  // how often, and how many nanoseconds
        default: return 1;
    }
}

class Metrics {
public:
    // Without labels; of one that has them it is the first series.
    void add(Metric metric, std::int64_t n = 1) noexcept { add_at(first_of(metric), n); }
    template <class Label>
        requires std::is_enum_v<Label>
    void add(Metric metric, Label label, std::int64_t n = 1) noexcept {
        add_at(first_of(metric) + static_cast<std::size_t>(label), n);
    }
    template <class First, class Second>
        requires std::is_enum_v<First> && std::is_enum_v<Second>
    void add(Metric metric, First first, Second second, std::int64_t n = 1) noexcept {
        add_at(first_of(metric) + index(first, second), n);
    }
    // To a summary.
    void took(Metric metric, std::chrono::nanoseconds span) noexcept {
        add_at(first_of(metric), 1);
        add_at(first_of(metric) + 1, span.count());
    }
    // A gauge that is only known when somebody asks.
    void set(Metric metric, std::int64_t value) noexcept {
        values_[first_of(metric)].store(value, std::memory_order_relaxed);
    }

    // All series together; of a summary how often.
    std::int64_t value(Metric metric) const noexcept;
    template <class Label>
        requires std::is_enum_v<Label>
    std::int64_t value(Metric metric, Label label) const noexcept {
        return value_at(first_of(metric) + static_cast<std::size_t>(label));
    }
    template <class First, class Second>
        requires std::is_enum_v<First> && std::is_enum_v<Second>
    std::int64_t value(Metric metric, First first, Second second) const noexcept {
        return value_at(first_of(metric) + index(first, second));
    }
    // Of a summary: all together.
    std::chrono::nanoseconds span(Metric metric) const noexcept {
        return std::chrono::nanoseconds(value_at(first_of(metric) + 1));
    }
    // Prometheus text exposition format 0.0.4, in the order of the table.
    std::string exposition() const;

    static std::string_view name(Metric metric);      // "wherry_connections_total"
    static std::string_view sentence(Metric metric);  // "Connections accepted."
    static std::string_view type(Metric metric);      // "counter", "gauge", "summary"
    static std::string labels(Metric metric);         // "op: read, write; outcome: started, refused"; empty: none

private:
    static constexpr std::size_t count = static_cast<std::size_t>(Metric::count_);
    // Where the series of each begin; behind the last how many there are.
    static constexpr auto firsts = [] {
        std::array<std::uint16_t, count + 1> out{};
        for (std::size_t i = 0; i < count; ++i) {
            out[i + 1] = static_cast<std::uint16_t>(out[i] + series_of(static_cast<Metric>(i)));
        }
        return out;
    }();
    static constexpr std::size_t first_of(Metric metric) noexcept { return firsts[static_cast<std::size_t>(metric)]; }
    template <class First, class Second>
    static constexpr std::size_t index(First first, Second second) noexcept {
        return static_cast<std::size_t>(first) * label_values<Second> + static_cast<std::size_t>(second);
    }
    void add_at(std::size_t at, std::int64_t n) noexcept { values_[at].fetch_add(n, std::memory_order_relaxed); }
    std::int64_t value_at(std::size_t at) const noexcept { return values_[at].load(std::memory_order_relaxed); }

    std::array<std::atomic<std::int64_t>, firsts[count]> values_{};
};

}  // namespace wherry
