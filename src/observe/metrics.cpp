#include "observe/metrics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <span>

namespace wherry {
namespace {

enum class Type : std::uint8_t { counter, gauge, summary };

// In the order of the enum that it stands for.
struct Label {
    std::string_view name{};
    std::span<const std::string_view> values{};
    constexpr std::size_t count() const noexcept { return values.empty() ? 1 : values.size(); }
};

struct Row {
    Metric metric;
    std::string_view name;
    Type type;
    std::string_view sentence;
    Label first{};
    Label second{};
    constexpr std::size_t series() const noexcept { return type == Type::summary ? 2 : first.count() * second.count(); }
};

constexpr auto directions = std::to_array<std::string_view>({"read", "write"});
constexpr auto outcomes = std::to_array<std::string_view>({"started", "refused", "unanswered"});
constexpr auto endings = std::to_array<std::string_view>({"ok", "ok_unconfirmed", "probe", "refused", "client_error",
                                                          "timeout", "unverified", "superseded", "io_error", "changed",
                                                          "limit", "shutdown", "killed", "cancelled"});
constexpr auto drops = std::to_array<std::string_view>(
    {"malformed", "opcode", "source", "broadcast", "interface", "rate", "limit", "stopping", "unknown"});
constexpr auto causes_to_send = std::to_array<std::string_view>({"first", "restart", "timeout", "probe"});
constexpr auto received = std::to_array<std::string_view>({"new", "duplicate", "ignored"});
constexpr auto acks = std::to_array<std::string_view>({"full", "partial", "duplicate", "stale"});
constexpr auto codes = std::to_array<std::string_view>({"0", "1", "2", "3", "4", "5", "6", "7", "8", "other"});
constexpr auto loads = std::to_array<std::string_view>({"ok", "failed", "changed", "passed"});
constexpr auto hooks = std::to_array<std::string_view>({"request", "download"});
constexpr auto hook_ends = std::to_array<std::string_view>({"ok", "failed", "timeout", "dropped"});
constexpr auto fallbacks = std::to_array<std::string_view>({"device", "segments", "length"});
constexpr auto send_errors =
    std::to_array<std::string_view>({"full", "refused", "unreachable", "length", "denied", "other"});

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
    {tftp_requests_total,
     "wherry_tftp_requests_total",
     counter,
     "TFTP requests that were looked at, by what came of them.",
     {"op", directions},
     {"outcome", outcomes}},
    {tftp_duplicate_requests_total, "wherry_tftp_duplicate_requests_total", counter,
     "TFTP requests that came once more."},
    {tftp_malformed_options_total, "wherry_tftp_malformed_options_total", counter,
     "TFTP requests whose last option was cut off and left out."},
    {tftp_dropped_total,
     "wherry_tftp_dropped_total",
     counter,
     "TFTP packets that nobody waited for or that were over a limit.",
     {"reason", drops}},
    {tftp_unverified_drops_total, "wherry_tftp_unverified_drops_total", counter,
     "TFTP replies not sent since too many clients had given no sign of life."},
    {tftp_transfers, "wherry_tftp_transfers", gauge, "TFTP transfers that are running.", {"op", directions}},
    {tftp_transfers_total,
     "wherry_tftp_transfers_total",
     counter,
     "TFTP transfers that ended, by how.",
     {"op", directions},
     {"result", endings}},
    {tftp_transfer_seconds, "wherry_tftp_transfer_seconds", summary, "How long TFTP transfers took."},
    {tftp_rtt_seconds, "wherry_tftp_rtt_seconds", summary, "The smoothed round trip of TFTP transfers at their end."},
    {tftp_bytes_total,
     "wherry_tftp_bytes_total",
     counter,
     "Bytes of contents that TFTP transfers had moved when they ended.",
     {"op", directions}},
    {tftp_probes_total, "wherry_tftp_probes_total", counter, "TFTP clients that only asked for a size."},
    {tftp_data_packets_total,
     "wherry_tftp_data_packets_total",
     counter,
     "TFTP DATA packets sent, by why.",
     {"kind", causes_to_send}},
    {tftp_data_repeated_total, "wherry_tftp_data_repeated_total", counter, "Of these, the ones sent again."},
    {tftp_data_received_total,
     "wherry_tftp_data_received_total",
     counter,
     "TFTP DATA packets received by uploads that have ended.",
     {"kind", received}},
    {tftp_acks_total, "wherry_tftp_acks_total", counter, "TFTP ACKs of DATA received.", {"kind", acks}},
    {tftp_timeouts_total, "wherry_tftp_timeouts_total", counter, "TFTP retransmission timers that ran out."},
    {tftp_gaps_total, "wherry_tftp_gaps_total", counter, "Gaps in TFTP windows, reported or noticed."},
    {tftp_errors_sent_total, "wherry_tftp_errors_sent_total", counter, "TFTP ERROR packets sent.", {"code", codes}},
    {tftp_errors_received_total,
     "wherry_tftp_errors_received_total",
     counter,
     "TFTP ERROR packets received.",
     {"code", codes}},
    {tftp_starved_total, "wherry_tftp_starved_total", counter, "Waits of TFTP downloads for their file."},
    {tftp_cache_bytes, "wherry_tftp_cache_bytes", gauge, "Bytes in the TFTP cache."},
    {tftp_cache_hits_total, "wherry_tftp_cache_hits_total", counter, "Pieces of files that were in the TFTP cache."},
    {tftp_cache_loads_total,
     "wherry_tftp_cache_loads_total",
     counter,
     "Pieces of files read into the TFTP cache, or (passed) by the first to ask, from what the kernel has, past it.",
     {"result", loads}},
    {tftp_hooks_total,
     "wherry_tftp_hooks_total",
     counter,
     "Programs that had a say in TFTP, by how they ended.",
     {"hook", hooks},
     {"result", hook_ends}},
    {tftp_timer_lag_seconds, "wherry_tftp_timer_lag_seconds", summary, "How late the timers of TFTP transfers were."},
    {datagram_gso_calls_total, "wherry_datagram_gso_calls_total", counter,
     "Calls to send that gave the kernel several datagrams as one."},
    {datagram_gso_fallback_total,
     "wherry_datagram_gso_fallback_total",
     counter,
     "Several datagrams that the kernel would not take as one: they were sent one by one.",
     {"reason", fallbacks}},
    {datagram_send_errors_total,
     "wherry_datagram_send_errors_total",
     counter,
     "Calls to send datagrams that failed, by why.",
     {"error", send_errors}},
});

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].metric) != i) return false;
    }
    return true;
}
static_assert(table.size() == static_cast<std::size_t>(count_), "each Metric needs its row");
static_assert(in_order(), "the rows stand in the order of the enum");
static_assert(std::ranges::all_of(table, [](const Row& row) { return row.series() == series_of(row.metric); }),
              "each label has as many words as values");

const Row& row_of(Metric metric) { return table.at(static_cast<std::size_t>(metric)); }

std::string_view word(Type type) { return type == counter ? "counter" : type == gauge ? "gauge" : "summary"; }

// `{op="read",result="ok"}`; empty: the metric has no labels.
std::string braces(const Row& row, std::size_t series) {
    if (row.first.values.empty()) return {};
    const std::size_t inner = row.second.count();
    std::string out = fmt::format("{{{}=\"{}\"", row.first.name, row.first.values[series / inner]);
    if (!row.second.values.empty()) {
        out += fmt::format(",{}=\"{}\"", row.second.name, row.second.values[series % inner]);
    }
    return out + '}';
}

}  // namespace

std::string Metrics::exposition() const {
    std::string text;
    const auto out = std::back_inserter(text);
    for (const Row& row : table) {
        fmt::format_to(out, "# HELP {0} {1}\n# TYPE {0} {2}\n", row.name, row.sentence, word(row.type));
        if (row.type == summary) {
            const std::chrono::duration<double> seconds = span(row.metric);
            fmt::format_to(out, "{0}_sum {1:.9f}\n{0}_count {2}\n", row.name, seconds.count(), value(row.metric));
            continue;
        }
        for (std::size_t i = 0; i < row.series(); ++i) {
            fmt::format_to(out, "{}{} {}\n", row.name, braces(row, i), value_at(first_of(row.metric) + i));
        }
    }
    return text;
}

std::int64_t Metrics::value(Metric metric) const noexcept {
    const std::size_t first = first_of(metric);
    if (row_of(metric).type == summary) return value_at(first);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < series_of(metric); ++i) sum += value_at(first + i);
    return sum;
}

std::string_view Metrics::name(Metric metric) { return row_of(metric).name; }

std::string_view Metrics::sentence(Metric metric) { return row_of(metric).sentence; }

std::string_view Metrics::type(Metric metric) { return word(row_of(metric).type); }

std::string Metrics::labels(Metric metric) {
    std::string out;
    for (const Label& label : {row_of(metric).first, row_of(metric).second}) {
        if (label.values.empty()) continue;
        out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", label.name, fmt::join(label.values, ", "));
    }
    return out;
}

}  // namespace wherry
