#pragma once
// The lines of LIST, NLST, MLSD and MLST, as text. Pure, and on the hot path: a line costs some 100 ns and no memory
// but that of the growing output. All times are UTC (LIST can be told otherwise), all words English; names go through
// printable(), so that no name can break a line.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/calendar.h"
#include "ftp/facts.h"
#include "wherry/filesystem.h"
#include "wherry/user.h"

namespace wherry::ftp {

// Names of owners or groups, asked once per id. A name is made fit for a column: blanks and control bytes become '_',
// what is longer than a column bears is cut. Used by one thread at a time.
class OwnerNames {
public:
    // What the system calls that id; empty: it has no name.
    using Lookup = std::function<std::string(std::uint32_t id)>;

    static constexpr std::size_t max_name = 32;
    static constexpr std::size_t max_cached = 1024;

    explicit OwnerNames(Lookup lookup = {}) : lookup_(std::move(lookup)) {}

    // The name, or the id as a number. Valid until the next call.
    std::string_view get(std::uint32_t id);

private:
    const std::string* remember(std::uint32_t id);

    Lookup lookup_;
    std::unordered_map<std::uint32_t, std::string> names_;
    const std::string* last_ = nullptr;
    std::uint32_t last_id_ = 0;
};

// How the entries of one listing are shown; keeps what the next line is likely to need again. Used by one thread at a
// time.
struct ListStyle {
    std::int64_t now = 0;   // decides between "HH:MM" and the year
    bool classify = false;  // LIST -F, NLST -F
    // Seconds by which clocks were ahead of UTC at that time, where the operator wants local times; empty: UTC.
    std::function<std::int64_t(std::int64_t)> zone_offset;
    OwnerNames owners;
    OwnerNames groups;
    DateCache dates;
};

// A line of `ls -l`: "-rw-r--r--   1 alice    users        1234 Jan 02 15:04 name" and CRLF. Times more than 180 days
// ago or more than one day ahead show the year in place of the time. Owners and groups without a lookup are ids.
void append_list(std::string& out, const Entry& entry, ListStyle& style);

// A line of NLST. `prefix` comes before the name: the directory that was asked for, with its slash (RFC 1123 4.1.2.7
// wants names that can be used as they are).
void append_name(std::string& out, std::string_view prefix, const Entry& entry, bool classify = false);

// What an object is to the listing it appears in (RFC 3659 7.5.1).
enum class Role : std::uint8_t { entry, current_directory, parent_directory };

struct MlsxStyle {
    Facts facts = Facts::standard();
    Perm permissions;  // the letters that hold for the entry: of its directory, unless a rule is closer
    DateCache dates;
};

// "modify=20240131235959;perm=adfrw;size=1234;type=file; name" and CRLF: facts in lower case, sorted by name. `name` is
// what is shown: entry.name for MLSD.
void append_mlsd(std::string& out, const Entry& entry, MlsxStyle& style, Role role = Role::entry);
// The same without line end and with the full path, as MLST gives it (RFC 3659 7.7.2); Reply adds the blank in front.
void append_mlst(std::string& out, std::string_view path, const Stat& stat, MlsxStyle& style);

// The value of the perm fact (RFC 3659 7.5.5): "cdeflmp" for a directory, "adfrw" for anything else.
void append_perm_fact(std::string& out, Kind kind, Perm permissions);

}  // namespace wherry::ftp
