#pragma once
// docs/events.md and docs/metrics.md: what the tables of the program hold, for people.
#include <span>
#include <string>
#include <string_view>

namespace wherry {

// One event, as a page can tell of it. In the order of the variant Event.
struct EventRow {
    std::string_view name;     // of the struct in wherry::event
    std::string_view when;     // one sentence
    std::string_view members;  // beside `session`, in their order; empty: none
};
std::span<const EventRow> event_rows();

std::string events_markdown();
std::string metrics_markdown();

}  // namespace wherry
