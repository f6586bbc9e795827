#include "i2ftp/requests.h"

#include <algorithm>
#include <array>

namespace wherry::i2ftp {
namespace {

// Columns: name, changes something, its payload is a path, function.
constexpr auto rows = std::to_array<Row>({
    {"LIST", false, true, &list},
    {"GETF", false, true, &open_download},
    {"DOWN", false, false, &read_download},
    {"PULF", true, true, &open_upload},
    {"UPLD", true, false, &write_upload},
    {"CLOZ", false, false, &close_file},
    {"FIOP", true, true, &operate},
    {"PCTL", false, false, &tell_process},
});

}  // namespace

std::span<const Row> requests() { return rows; }

const Row* find_request(std::string_view name) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace wherry::i2ftp
