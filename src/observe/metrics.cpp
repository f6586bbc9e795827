#include "observe/metrics.h"

#include <fmt/format.h>

#include <iterator>

namespace wherry {
namespace {

enum class Type : std::uint8_t { counter, gauge };

struct Row {
    Metric metric;
    std::string_view name;
    Type type;
    std::string_view sentence;
};

using enum Metric;
using enum Type;

constexpr auto table = std::to_array<Row>({
    {connections_total, "wherry_connections_total", counter, "Connections accepted."},
    {connections_refused_total, "wherry_connections_refused_total", counter, "Connections refused by a limit."},
    {sessions, "wherry_sessions", gauge, "Sessions that are live."},
    {logins_total, "wherry_logins_total", counter, "Logins that succeeded."},
    {login_failures_total, "wherry_login_failures_total", counter, "Logins that failed."},
    {bans_total, "wherry_bans_total", counter, "Addresses banned for failed logins."},
    {commands_total, "wherry_commands_total", counter, "Commands answered."},
    {downloads_total, "wherry_downloads_total", counter, "Downloads that ended, complete or not."},
    {uploads_total, "wherry_uploads_total", counter, "Uploads that ended, complete or not."},
    {transfers_failed_total, "wherry_transfers_failed_total", counter,
     "Transfers that ended before they were complete."},
    {transfers, "wherry_transfers", gauge, "Transfers that are running."},
    {bytes_sent_total, "wherry_bytes_sent_total", counter, "Bytes of files sent to clients."},
    {bytes_received_total, "wherry_bytes_received_total", counter, "Bytes of files received from clients."},
    {accept_errors_total, "wherry_accept_errors_total", counter, "Connections the system could not hand over."},
    {lane_queue_depth, "wherry_lane_queue_depth", gauge, "Jobs waiting for a worker, all lanes together."},
    {lane_jobs_total, "wherry_lane_jobs_total", counter, "Jobs given to workers, all lanes together."},
    {events_dropped_total, "wherry_events_dropped_total", counter, "Events dropped because the sinks were behind."},
    {sink_errors_total, "wherry_sink_errors_total", counter, "Exceptions thrown by event sinks."},
    {tls_handshakes_total, "wherry_tls_handshakes_total", counter, "TLS handshakes that succeeded."},
    {tls_failures_total, "wherry_tls_failures_total", counter, "TLS handshakes that failed or were not ended in time."},
    {tls_resumed_total, "wherry_tls_resumed_total", counter,
     "Data connections that resumed the TLS session of their control connection."},
    {tls_kernel_total, "wherry_tls_kernel_total", counter, "Data connections whose encryption the kernel did (kTLS)."},
    {tftp_requests_total, "wherry_tftp_requests_total", counter, "TFTP requests that were looked at."},
    {tftp_duplicate_requests_total, "wherry_tftp_duplicate_requests_total", counter,
     "TFTP requests that came once more."},
    {tftp_refused_total, "wherry_tftp_refused_total", counter, "TFTP requests answered with an ERROR."},
    {tftp_dropped_total, "wherry_tftp_dropped_total", counter,
     "TFTP packets that nobody waited for or that were over a limit."},
    {tftp_unverified_drops_total, "wherry_tftp_unverified_drops_total", counter,
     "TFTP replies not sent since too many clients had given no sign of life."},
    {tftp_transfers, "wherry_tftp_transfers", gauge, "TFTP transfers that are running."},
    {tftp_probes_total, "wherry_tftp_probes_total", counter, "TFTP clients that only asked for a size."},
    {tftp_data_packets_total, "wherry_tftp_data_packets_total", counter, "TFTP DATA packets sent."},
    {tftp_data_repeated_total, "wherry_tftp_data_repeated_total", counter, "Of these, the ones sent again."},
    {tftp_timeouts_total, "wherry_tftp_timeouts_total", counter, "TFTP retransmission timers that ran out."},
    {tftp_gaps_total, "wherry_tftp_gaps_total", counter, "Gaps in TFTP windows, reported or noticed."},
    {tftp_errors_sent_total, "wherry_tftp_errors_sent_total", counter, "TFTP ERROR packets sent."},
    {tftp_errors_received_total, "wherry_tftp_errors_received_total", counter, "TFTP ERROR packets received."},
    {tftp_starved_total, "wherry_tftp_starved_total", counter, "Waits of TFTP downloads for their file."},
    {tftp_cache_hits_total, "wherry_tftp_cache_hits_total", counter, "Pieces of files that were in the TFTP cache."},
    {tftp_cache_loads_total, "wherry_tftp_cache_loads_total", counter, "Pieces of files read into the TFTP cache."},
});

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].metric) != i) return false;
    }
    return true;
}
static_assert(table.size() == static_cast<std::size_t>(count_), "each Metric needs its row");
static_assert(in_order(), "the rows stand in the order of the enum");

}  // namespace

std::string Metrics::exposition() const {
    std::string text;
    for (const Row& row : table) {
        fmt::format_to(std::back_inserter(text), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", row.name, row.sentence,
                       row.type == counter ? "counter" : "gauge", value(row.metric));
    }
    return text;
}

std::string_view Metrics::name(Metric metric) { return table.at(static_cast<std::size_t>(metric)).name; }

std::string_view Metrics::sentence(Metric metric) { return table.at(static_cast<std::size_t>(metric)).sentence; }

}  // namespace wherry
