#include "options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>

namespace wherry::bench {
namespace {

/// Parses the longest number `text` starts with; the rest of `text`, or nothing when there is no number.
template <class T>
std::string_view number(std::string_view text, T& value) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return parsed.ec == std::errc() ? text.substr(static_cast<std::size_t>(parsed.ptr - text.data())) : "?";
}

bool read(std::string_view text, std::string& value) {
    value = text;
    return true;
}

bool read(std::string_view text, bool& value) {
    value = text == "yes";
    return value || text == "no";
}

template <class T>
bool read(std::string_view text, T& value) {
    return number(text, value).empty();
}

bool read_size(std::string_view text, std::uint64_t& value) {
    const auto unit = number(text, value);
    if (unit.empty()) return true;
    const auto power = std::string_view("kmg").find(unit);
    if (unit.size() != 1 || power == std::string_view::npos) return false;
    value <<= 10U * (power + 1);
    return true;
}

struct Row {
    std::string_view name;
    std::string_view help;
    std::function<bool(Options&, std::string_view)> read;
};

template <class Member>
auto into(Member Options::* member) {
    return [member](Options& options, std::string_view text) { return read(text, options.*member); };
}

template <class Member>
auto into(Member Target::* member) {
    return [member](Options& options, std::string_view text) { return read(text, options.target.*member); };
}

const std::array<Row, 23>& rows() {
    static const std::array<Row, 23> table{{
        {"--port", "server's port on 127.0.0.1 (2121)", into(&Target::port)},
        {"--user", "login name (anonymous)", into(&Target::user)},
        {"--password", "password", into(&Target::password)},
        {"--pasv", "yes: PASV instead of EPSV", into(&Target::pasv)},
        {"--tls", "yes: everything under TLS 1.3, after AUTH TLS", into(&Options::tls)},
        {"--resume", "yes: data connections resume the TLS session of the control connection", into(&Target::resume)},
        {"--root", "local path of the server's root: sizes of uploads are checked there", into(&Target::root)},
        {"--pid", "the server's first process", into(&Options::pid)},
        {"--cpu-file", "its cgroup's cpuacct.usage or cpu.stat; without it /proc is read", into(&Options::cpu_file)},
        {"--file", "remote name; %s: number of the session, %f: of the file", into(&Options::file)},
        {"--op", "retr or stor (retr)", into(&Options::operation)},
        {"--size", "of each file, exact: 4096, 64m, 2g",
         [](Options& options, std::string_view text) { return read_size(text, options.size); }},
        {"--sessions", "at once (1)", into(&Options::sessions)},
        {"--logins", "logins at once while sessions are opened (64)", into(&Options::logins)},
        {"--count", "files in each session (1)", into(&Options::count)},
        {"--seconds", "measured window (2)", into(&Options::seconds)},
        {"--ramp", "running time before the window (0.5)", into(&Options::ramp)},
        {"--timeout", "for the whole run (120)", into(&Options::timeout)},
        {"--patience", "half-open: seconds for the server to end the silent (30)", into(&Options::patience)},
        {"--command", "list: the whole command, as \"MLSD big\"", into(&Options::command)},
        {"--against", "verify: local file that must equal the remote --file", into(&Options::against)},
        {"--put", "verify: remote name to upload --size bytes to", into(&Options::put)},
        {"--spare-kib", "idle: stop logging in below this much available memory (1048576)", into(&Options::spare_kib)},
    }};
    return table;
}

}  // namespace

Result<Options> parse_options(std::span<char*> arguments) {
    if (arguments.size() < 2) return fail("which measure?");
    Options options;
    options.measure = arguments[1];
    for (std::size_t i = 2; i < arguments.size(); i += 2) {
        const std::string_view name = arguments[i];
        const auto row = std::ranges::find(rows(), name, &Row::name);
        if (row == rows().end()) return fail("unknown option " + std::string(name));
        if (i + 1 == arguments.size()) return fail(std::string(name) + " needs a value");
        if (!row->read(options, arguments[i + 1])) return fail(std::string(name) + " cannot be " + arguments[i + 1]);
    }
    if (options.operation != "retr" && options.operation != "stor") return fail("--op is retr or stor");
    if (options.sessions < 1 || options.logins < 1 || options.count < 1) return fail("counts start at 1");
    return options;
}

std::string options_help() {
    std::string help;
    for (const auto& row : rows()) {
        help.append("  ").append(row.name).append(14 - row.name.size(), ' ').append(row.help).append("\n");
    }
    return help;
}

}  // namespace wherry::bench
