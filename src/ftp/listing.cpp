#include "ftp/listing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "core/text.h"

namespace wherry::ftp {

namespace {

constexpr std::int64_t six_months = 180 * seconds_per_day;
constexpr std::size_t number_width = std::numeric_limits<std::uint64_t>::digits10 + 1;

// Everything of a line but the names of the file: short fields of bounded length, put together on the stack and
// appended to the output at once.
class Columns {
public:
    void put(char c) { *end_++ = c; }
    void put(std::string_view text) { end_ = std::ranges::copy(text, end_).out; }
    void put_left(std::string_view text, std::size_t width) {
        put(text);
        fill(text.size(), width);
    }
    void put_right(std::uint64_t number, std::size_t width) {
        std::array<char, number_width> digits;
        char* const last = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        const auto length = static_cast<std::size_t>(last - digits.data());
        fill(length, width);
        put(std::string_view(digits.data(), length));
    }
    void put_digits(int number, int digits) {
        wherry::put_digits(end_, number, digits);
        end_ += digits;
    }
    std::string_view text() const { return {buffer_.data(), static_cast<std::size_t>(end_ - buffer_.data())}; }

private:
    void fill(std::size_t length, std::size_t width) {
        for (; length < width; ++length) put(' ');
    }

    // mode 10, two numbers, two names, date 12, blanks
    std::array<char, 10 + 2 * number_width + 2 * OwnerNames::max_name + 12 + 6> buffer_;
    char* end_ = buffer_.data();
};

char type_letter(Kind kind) {
    switch (kind) {
        case Kind::file: return '-';
        case Kind::directory: return 'd';
        case Kind::symlink: return 'l';
        case Kind::other: break;
    }
    return 'p';  // which of the special kinds is not known, and to a client they are the same
}

void put_mode(Columns& columns, const Stat& stat) {
    constexpr std::string_view letters = "rwxrwxrwx";
    std::array<char, 10> text{type_letter(stat.kind)};
    for (unsigned i = 0; i < 9; ++i) text[i + 1] = (stat.mode & (0400U >> i)) != 0 ? letters[i] : '-';
    const auto special = [&text](std::size_t at, char letter) {
        text[at] = text[at] == '-' ? ascii_upper(letter) : letter;
    };
    if ((stat.mode & 04000U) != 0) special(3, 's');
    if ((stat.mode & 02000U) != 0) special(6, 's');
    if ((stat.mode & 01000U) != 0) special(9, 't');
    columns.put(std::string_view(text.data(), text.size()));
}

bool is_recent(std::int64_t modified, std::int64_t now) {
    return modified >= now - six_months && modified <= now + seconds_per_day;
}

std::int64_t shown_time(std::int64_t modified, const ListStyle& style) {
    if (!style.zone_offset) return modified;
    modified = std::clamp(modified, first_second, last_second);
    return modified + style.zone_offset(modified);
}

void put_date(Columns& columns, std::int64_t modified, ListStyle& style) {
    const DateTime& time = style.dates.get(shown_time(modified, style));
    columns.put(month_name(time.date.month));
    columns.put(' ');
    columns.put_digits(time.date.day, 2);
    columns.put(' ');
    if (is_recent(modified, style.now)) {
        columns.put_digits(time.hour, 2);
        columns.put(':');
        columns.put_digits(time.minute, 2);
    } else {
        columns.put(' ');
        columns.put_digits(time.date.year, 4);
    }
}

void append_class(std::string& out, const Stat& stat) {
    if (stat.kind == Kind::directory) out += '/';
    if (stat.kind == Kind::symlink) out += '@';
    if (stat.kind == Kind::file && (stat.mode & 0111U) != 0) out += '*';
}

std::string fit_for_column(std::string name) {
    if (name.size() > OwnerNames::max_name) {
        std::size_t end = OwnerNames::max_name;
        while (end > 1 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
        name.resize(end);
    }
    std::ranges::replace_if(name, [](char c) { return c == ' ' || is_control(c); }, '_');
    return name;
}

// --- MLSx

// A target goes into the type fact only if it can neither end the fact nor the facts (RFC 3659 7.2).
bool fits_in_fact(std::string_view target) {
    return !target.empty() && std::ranges::all_of(target, [](char c) { return c > ' ' && c < 127 && c != ';'; });
}

void append_type(std::string& out, Kind kind, Role role, std::string_view target) {
    if (role == Role::current_directory) {
        out += "cdir";
    } else if (role == Role::parent_directory) {
        out += "pdir";
    } else if (kind == Kind::directory) {
        out += "dir";
    } else if (kind == Kind::symlink) {
        out += "OS.unix=slink";
        if (fits_in_fact(target)) out.append(":").append(target);
    } else {
        out += kind == Kind::file ? "file" : "OS.unix=other";
    }
}

void append_hex(std::string& out, std::uint64_t number) {
    std::array<char, 16> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr);
}

void append_mode(std::string& out, std::uint32_t mode) {
    for (int shift = 9; shift >= 0; shift -= 3) out += static_cast<char>('0' + ((mode >> shift) & 7U));
}

// Device and inode name an object for as long as it lives, which is all that the fact promises.
void append_unique(std::string& out, const Stat& stat) {
    append_hex(out, stat.device);
    out += 'g';
    append_hex(out, stat.inode);
}

void append_facts(std::string& out, const Stat& stat, std::string_view target, Role role, MlsxStyle& style) {
    const auto fact = [&out, &style](Fact which, std::string_view name, auto&& append_value) {
        if (!style.facts.has(which)) return;
        out += name;
        append_value();
        out += ';';
    };
    fact(Fact::modify, "modify=", [&] { append_timestamp(out, style.dates.get(stat.modified)); });
    fact(Fact::perm, "perm=", [&] { append_perm_fact(out, stat.kind, style.permissions); });
    fact(Fact::size, "size=", [&] { append_decimal(out, stat.size); });
    fact(Fact::type, "type=", [&] { append_type(out, stat.kind, role, target); });
    if (stat.inode != 0) fact(Fact::unique, "unique=", [&] { append_unique(out, stat); });
    fact(Fact::unix_gid, "unix.gid=", [&] { append_decimal(out, stat.gid); });
    fact(Fact::unix_mode, "unix.mode=", [&] { append_mode(out, stat.mode); });
    fact(Fact::unix_uid, "unix.uid=", [&] { append_decimal(out, stat.uid); });
    out += ' ';
}

}  // namespace

// Unordered maps do not move their elements, so last_ stays good until the map is emptied.
const std::string* OwnerNames::remember(std::uint32_t id) {
    if (const auto found = names_.find(id); found != names_.end()) return &found->second;
    std::string name = lookup_ ? fit_for_column(lookup_(id)) : std::string();
    if (name.empty()) append_decimal(name, id);
    if (names_.size() == max_cached) names_.clear();
    return &names_.emplace(id, std::move(name)).first->second;
}

std::string_view OwnerNames::get(std::uint32_t id) {
    if (last_ == nullptr || last_id_ != id) {
        last_ = remember(id);
        last_id_ = id;
    }
    return *last_;
}

void append_list(std::string& out, const Entry& entry, ListStyle& style) {
    const Stat& stat = entry.stat;
    Columns columns;
    put_mode(columns, stat);
    columns.put(' ');
    columns.put_right(stat.links, 3);
    columns.put(' ');
    columns.put_left(style.owners.get(stat.uid), 8);
    columns.put(' ');
    columns.put_left(style.groups.get(stat.gid), 8);
    columns.put(' ');
    columns.put_right(stat.size, 8);
    columns.put(' ');
    put_date(columns, stat.modified, style);
    columns.put(' ');

    out += columns.text();
    append_printable(out, entry.name);
    if (stat.kind == Kind::symlink && !entry.target.empty()) {
        out += " -> ";
        append_printable(out, entry.target);
    } else if (style.classify) {
        append_class(out, stat);
    }
    out += "\r\n";
}

void append_name(std::string& out, std::string_view prefix, const Entry& entry, bool classify) {
    append_printable(out, prefix);
    append_printable(out, entry.name);
    if (classify) append_class(out, entry.stat);
    out += "\r\n";
}

void append_perm_fact(std::string& out, Kind kind, Perm permissions) {
    const auto put_if = [&out](bool allowed, char letter) {
        if (allowed) out += letter;
    };
    const bool is_directory = kind == Kind::directory;
    if (is_directory) {
        put_if(permissions.has('w') || permissions.has('a'), 'c');
    } else {
        put_if(permissions.has('a'), 'a');
    }
    put_if(permissions.has('d'), 'd');
    put_if(is_directory && permissions.has('e'), 'e');
    put_if(permissions.has('f'), 'f');
    put_if(is_directory && permissions.has('l'), 'l');
    put_if(is_directory && permissions.has('m'), 'm');
    put_if(is_directory && permissions.has('d'), 'p');
    put_if(!is_directory && permissions.has('r'), 'r');
    put_if(!is_directory && permissions.has('w'), 'w');
}

void append_mlsd(std::string& out, const Entry& entry, MlsxStyle& style, Role role) {
    append_facts(out, entry.stat, entry.target, role, style);
    append_printable(out, entry.name);
    out += "\r\n";
}

void append_mlst(std::string& out, std::string_view path, const Stat& stat, MlsxStyle& style) {
    append_facts(out, stat, {}, Role::entry, style);
    append_printable(out, path);
}

}  // namespace wherry::ftp
