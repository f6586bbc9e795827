#include "service/config_docs.h"

#include <fmt/format.h>

#include "auth/user_keys.h"
#include "service/config_keys.h"

namespace wherry {
namespace {

constexpr std::string_view preface = R"(# Configuration

Made by `wherry check-config --keys` from the tables that the program itself reads; do not edit.

`wherry serve --config FILE` reads one TOML file, and `wherry check-config FILE` says what is wrong with it. Every key may
be left out. A key that is not listed here is an error.

- Sizes and rates are numbers of bytes or text with a unit: `"10M"`, `"1.5GiB"`, `"500kB"`, `"2M/s"`, `"100Mbit/s"`. `k`,
  `M`, `G` are powers of 1024, `kB`, `MB`, `GB` powers of 1000.
- Durations are numbers of seconds or text with units: `"500ms"`, `"90s"`, `"5m"`, `"1h30m"`, `"7d"`.
- Folders and files are absolute paths.
- *live*: on SIGHUP the file is read again and the new value holds; those of `ftp` for sessions that begin then.
  *restart*: it holds after the next start.
)";

constexpr std::string_view users_preface = R"(
## users

Each table `[users.NAME]` is a user. The same tables, and nothing else, make up the files of `login.users_files`. On SIGHUP
users are read again, here and there; sessions that are open keep the user they came in with. `wherry hash-password` makes
the value of `password`.
)";

constexpr std::string_view groups_preface = R"(
## groups

Each table `[groups.NAME]` holds, for the users of the same file whose `group` it is, what holds where they say nothing
themselves: any key of a user but `password`, `anonymous` and `group`. In `limits` and `uploads` each key counts by itself;
the `rules` of a user come after those of the group, and a mount of the user replaces that of the group at the same place.
Where neither says a word, the server's settings hold. Besides, a group may have these keys:
)";

// What may stand in a cell of a table.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

std::string code(std::string_view text) { return text.empty() ? "" : fmt::format("`{}`", cell(text)); }

void add_group(std::string& out, std::string_view group, const Config& defaults) {
    out += fmt::format("\n## {}\n\n| Key | Type | Default | Change | |\n|---|---|---|---|---|\n", group);
    for (const ConfigKey& key : config_keys()) {
        if (key.group() != group) continue;
        const std::string allowed = key.field.allowed.empty() ? "" : ": " + cell(key.field.allowed);
        out += fmt::format("| {} | {}{} | {} | {} | {} |\n", code(key.name), key.field.type, allowed,
                           code(key.field.show(defaults)), key.change == ConfigKey::Change::live ? "live" : "restart",
                           cell(key.sentence));
    }
}

constexpr std::string_view rules_preface = R"(
## tftp.rule

What else holds for some TFTP requests, in tables `[[tftp.rule]]`, as many as are needed:

```toml
[[tftp.rule]]
mac = ["00:1b:21"]        # network cards that lose packets when many come at once
windowsize_max = 16

[[tftp.rule]]
interface = "eth1"
root = "/srv/tftp-lab"
```

A rule is about the requests for which all of its first six keys are true that it has, after the rules for names. Of each
other key the first rule counts that has it; where none has, the keys above hold.

| Key | Type | Default | Change | |
|---|---|---|---|---|
)";

void add_rules(std::string& out) {
    out += rules_preface;
    for (const ConfigKey& key : tftp_rule_keys()) {
        const std::string allowed = key.field.allowed.empty() ? "" : ": " + cell(key.field.allowed);
        out += fmt::format("| {} | {}{} | - | live | {} |\n", code(key.last()), key.field.type, allowed,
                           cell(key.sentence));
    }
}

void add_section(std::string& out, UserSection section, std::string_view title) {
    if (!title.empty()) out += fmt::format("\n### {}\n", title);
    out += "\n| Key | Type | Without it | Example | |\n|---|---|---|---|---|\n";
    for (const UserKey& key : user_keys()) {
        if (key.section != section) continue;
        out += fmt::format("| {} | {} | {} | {} | {} |\n", code(key.name), cell(key.type),
                           key.needed ? "needed" : cell(key.fallback), code(key.example), cell(key.sentence));
    }
}

}  // namespace

std::string config_markdown() {
    const Config defaults;
    std::string out(preface);
    std::string_view last;
    for (const ConfigKey& key : config_keys()) {
        if (key.group() == last) continue;
        add_group(out, key.group(), defaults);
        last = key.group();
    }
    add_rules(out);
    out += users_preface;
    add_section(out, UserSection::user, {});
    add_section(out, UserSection::rule, "rules");
    add_section(out, UserSection::mount, "mounts");
    add_section(out, UserSection::limits, "limits");
    add_section(out, UserSection::uploads, "uploads");
    out += groups_preface;
    add_section(out, UserSection::group, {});
    add_section(out, UserSection::shared, "shared");
    return out;
}

}  // namespace wherry
