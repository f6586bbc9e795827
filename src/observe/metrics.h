#pragma once
// Metrics: one table of counters and gauges per server; adding to one is a relaxed atomic addition from any thread.
#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace wherry {

// A row here and a row in the table of metrics.cpp (name, type, sentence); the table is sized by this enum.
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
    tls_resumed_total,  // data connections that resumed the session of their control connection
    tls_kernel_total,   // data connections that the kernel encrypts
    tftp_requests_total,
    tftp_duplicate_requests_total,
    tftp_refused_total,  // requests answered with an ERROR
    tftp_dropped_total,  // packets nobody waited for, or over a limit
    tftp_unverified_drops_total,
    tftp_transfers,     // gauge: running
    tftp_probes_total,  // clients that only asked for a size
    tftp_data_packets_total,
    tftp_data_repeated_total,
    tftp_timeouts_total,
    tftp_gaps_total,
    tftp_errors_sent_total,
    tftp_errors_received_total,
    tftp_starved_total,
    tftp_cache_hits_total,
    tftp_cache_loads_total,
    count_,  // not a metric: how many there are
};

class Metrics {
public:
    void add(Metric metric, std::int64_t n = 1) noexcept {
        values_[static_cast<std::size_t>(metric)].fetch_add(n, std::memory_order_relaxed);
    }
    std::int64_t value(Metric metric) const noexcept {
        return values_[static_cast<std::size_t>(metric)].load(std::memory_order_relaxed);
    }
    // Prometheus text exposition format 0.0.4, in the order of the table.
    std::string exposition() const;

    static std::string_view name(Metric metric);      // "wherry_connections_total"
    static std::string_view sentence(Metric metric);  // "Connections accepted."

private:
    std::array<std::atomic<std::int64_t>, static_cast<std::size_t>(Metric::count_)> values_{};
};

}  // namespace wherry
