#include "auth/user_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "auth/password.h"
#include "auth/user_values.h"
#include "core/suggest.h"
#include "core/text.h"

namespace wherry {

namespace {

using U64 = std::uint64_t;
constexpr U64 most_i64 = std::numeric_limits<std::int64_t>::max();

// --- keys of their own kind ----------------------------------------------------------------------

// None of the sentences repeats the value: it may be the password itself, and this text goes to a log.
void read_password(const KeyValue& value, UserDraft& draft) {
    draft.password_place = value.place();
    const auto text = value.text();
    if (!text) return;
    if (is_password_hash(*text)) {
        draft.password = *text;
    } else if (text->empty() || *text == "x" || text->starts_with('*') || text->starts_with('!')) {
        value.problem("nobody can log in with this; write the output of \"wherry hash-password\", or drop the user");
    } else if (text->starts_with('$')) {
        value.problem(
            "is not a whole hash of a known form ($argon2id$, $argon2i$, $y$, $gy$, $7$, $2a$, $2b$, $2y$, $6$, $5$, "
            "$1$); "
            "write the output of \"wherry hash-password\"");
    } else {
        value.problem("is not a hash, and plain text is not accepted; write the output of \"wherry hash-password\"");
    }
}

void read_key_file(const KeyValue& value, UserDraft& draft) {
    draft.key_place = value.place();
    const auto text = value.text();
    if (!text) return;
    if (text->starts_with('/') && !text->contains('\0'))
        draft.key_file = *text;
    else
        value.problem("must be the full path of a file of this machine, beginning with \"/\"");
}

void read_home(const KeyValue& value, UserDraft& draft) {
    draft.home_place = value.place();
    read_folder(value, draft.home);
}

void read_start(const KeyValue& value, UserDraft& draft) {
    if (read_path(value, draft.user.start)) draft.start_place = value.place();
}

void read_hosts(const KeyValue& value, UserDraft& draft) {
    const toml::array* const list = value.node().as_array();
    if (list == nullptr) return value.problem("must be a list of texts");
    for (const toml::node& node : *list) {
        const auto name = node.value_exact<std::string>();
        if (!name || name->empty()) return value.problem("must be a list of names");
        draft.user.hosts.push_back(lower(*name));
    }
}

void read_symlinks(const KeyValue& value, UserDraft& draft) {
    const auto text = value.text();
    if (!text) return;
    if (*text == "inside")
        draft.posix.symlinks = Symlinks::inside;
    else if (*text == "never")
        draft.posix.symlinks = Symlinks::never;
    else
        value.problem("must be \"inside\" or \"never\"");
}

void read_umask(const KeyValue& value, UserDraft& draft) {
    if (const auto bits = value.octal()) draft.posix.umask = *bits;
}

void read_group(const KeyValue& value, UserDraft& draft) {
    draft.group_place = value.place();
    if (auto name = value.text()) draft.user.group = std::move(*name);
}

// --- rules about names ---------------------------------------------------------------------------

NameRules& names_of(UserDraft& draft) {
    if (!draft.user.names) draft.user.names.emplace();
    return *draft.user.names;
}

void read_dot_files(const KeyValue& value, UserDraft& draft) {
    const auto text = value.text();
    if (!text) return;
    if (*text == "show")
        names_of(draft).dot_files = DotFiles::show;
    else if (*text == "hide")
        names_of(draft).dot_files = DotFiles::hide;
    else if (*text == "deny")
        names_of(draft).dot_files = DotFiles::deny;
    else
        value.problem("must be \"show\", \"hide\" or \"deny\"");
}

// --- tables inside a user ------------------------------------------------------------------------

// Calls `begin` before each table of the array, to make the draft that its keys go into.
template <class Begin>
void read_list(const KeyValue& value, UserSection section, UserDraft& draft, Begin begin) {
    const toml::array* list = value.node().as_array();
    if (list == nullptr) return value.problem("must be a list of tables, like [ { ... }, { ... } ]");
    for (std::size_t i = 0; i < list->size(); ++i) {
        const KeyValue item((*list)[i], fmt::format("{}[{}]", value.key(), i), value.problems());
        const toml::table* table = item.node().as_table();
        if (table == nullptr) {
            item.problem("must be a table, like { ... }");
            continue;
        }
        begin(item);
        read_section(*table, item.place(), section, value.problems(), draft);
    }
}

void read_rules(const KeyValue& value, UserDraft& draft) {
    read_list(value, UserSection::rule, draft, [&](const KeyValue&) { draft.user.rules.emplace_back(); });
}

void read_mounts(const KeyValue& value, UserDraft& draft) {
    read_list(value, UserSection::mount, draft, [&](const KeyValue& item) {
        MountDraft& mount = draft.mounts.emplace_back();
        mount.at_place = item.place();
        mount.folder_place = item.place();
    });
}

// Reads the table `value` as a section of its own.
void read_table(const KeyValue& value, UserSection section, UserDraft& draft) {
    const toml::table* table = value.node().as_table();
    if (table == nullptr) return value.problem("must be a table, like { sessions = 4 }");
    read_section(*table, value.place(), section, value.problems(), draft);
}

void read_at(const KeyValue& value, UserDraft& draft) {
    MountDraft& mount = draft.mounts.back();
    mount.at_place = value.place();
    if (read_path(value, mount.at) && mount.at.is_root()) value.problem("\"/\" is the home; name a place below it");
}

void read_mount_folder(const KeyValue& value, UserDraft& draft) {
    draft.mounts.back().folder_place = value.place();
    read_folder(value, draft.mounts.back().folder);
}

// Of a quota, "unlimited" is what the server says anyway.
template <class Amount>
void read_amount(const KeyValue& value, U64& into, Amount amount) {
    into = is_unlimited(value) ? 0 : amount(value).value_or(0);
}

// --- the table -----------------------------------------------------------------------------------

using enum UserSection;
using V = const KeyValue&;
using D = UserDraft&;

// Columns: section, name, needed, type, without it, example, sentence, reader.
constexpr auto keys = std::to_array<UserKey>({
    {user, "password", false, "text", "",
     R"("$argon2id$v=19$m=65536,t=2,p=1$Ad4kB7488KzzUFUpdA2v6Q$plY7W9cwZ8IRufNqXhTkeLX7a7ie7Uv9SuCt7NhoS1g")",
     "Hash of the password, as \"wherry hash-password\" prints it; hashes of /etc/shadow work as well.",
     &read_password},
    {user, "anonymous", false, "true or false", "false", "true",
     "Lets everybody in without a password, as \"anonymous\" or \"ftp\"; only in [users.anonymous].",
     [](V value, D draft) { read_flag(value, draft.user.anonymous); }},
    {user, "group", false, "text", "none", R"("staff")",
     "The group whose settings hold where the user has none: the table [groups.NAME] of the same file.", &read_group},
    {user, "home", false, "folder", "that of the group", R"("/srv/alice")",
     "The folder of this machine that the user sees as \"/\"; a {user} in it is replaced by the user's name. Needed, "
     "here "
     "or in the group.",
     &read_home},
    {user, "i2ftp_key_file", false, "file", "none", R"("/etc/wherry/alice.key")",
     "A file with the key by which the user comes in by I2FTP, as hexadecimal digits; nobody else may be able to read "
     "it. Who has a key needs no password, and without one cannot log in by FTP.",
     &read_key_file},
    {user, "permissions", false, "letters", R"("elr")", R"("elradfmwMT")",
     "What the user may do where no rule says otherwise: e enter, l list, r read, a append, d delete, f rename, "
     "m make directories, w write, M change modes, T change times, S make symbolic links, D remove directories with "
     "all that is in them, O change owners.",
     [](V value, D draft) { read_letters(value, draft.user.permissions); }},
    {user, "start", false, "path", R"("/")", R"("/inbox")", "Where a session begins; the directory must be there.",
     &read_start},
    {user, "hosts", false, "list of texts", "all", R"([ "ftp.example.org" ])",
     "The names of the server, out of ftp.hosts, by which alone the user is served.", &read_hosts},
    {user, "login_message", false, "text", "that of the server", R"("Welcome.")",
     "What the user reads after the login.", [](V value, D draft) { read_message(value, draft.user.login_message); }},
    {user, "quit_message", false, "text", "that of the server", R"("Goodbye.")", "What the user reads at the end.",
     [](V value, D draft) { read_message(value, draft.user.quit_message); }},
    {user, "symlinks", false, R"("inside" or "never")", R"("inside")", R"("never")",
     "Whether symbolic links are followed; they never lead out of the folder.", &read_symlinks},
    {user, "jail", false, "true or false", "true", "false",
     "Whether \"home\" is all the user sees. If not, it is the whole machine, and a session begins in the home; the "
     "rights "
     "of the server's own account are then all that protects it.",
     [](V value, D draft) { read_flag(value, draft.jail); }},
    {user, "umask", false, "octal text", R"("022")", R"("027")", "Mode bits that new files and directories do not get.",
     &read_umask},
    {user, "read_only", false, "true or false", "false", "true",
     "Nothing in the user's tree can be changed, whatever the permissions say.",
     [](V value, D draft) { read_flag(value, draft.read_only); }},
    {user, "tls_required", false, "true or false", "false", "true",
     "The user cannot log in without TLS, and data connections need it too.",
     [](V value, D draft) { read_flag(value, draft.user.tls_required); }},
    {user, "tls_login_required", false, "true or false", "false", "true",
     "The user cannot log in without TLS; data connections may be in clear.",
     [](V value, D draft) { read_flag(value, draft.user.tls_login_required); }},
    {user, "tls_reuse_required", false, "true or false", "false", "true",
     "Data connections of the user under TLS have to resume the session of their control connection, as with "
     "tls.reuse = \"require\"; where that is \"off\" they cannot.",
     [](V value, D draft) { read_flag(value, draft.user.tls_reuse_required); }},
    {user, "rules", false, "list of tables", "none", R"([ { directory = "/inbox", letters = "elrw" } ])",
     "Permissions for single directories; the rule of the longest directory holds, of equals the last.", &read_rules},
    {user, "mounts", false, "list of tables", "none", R"([ { at = "/pub", folder = "/srv/pub", read_only = true } ])",
     "Further folders of this machine in the user's tree.", &read_mounts},
    {user, "limits", false, "table", "those of the server", R"({ sessions = 4, upload_rate = "2M" })",
     "What the user may use up at most; 0 stands for the limit of the server, \"unlimited\" for none.",
     [](V value, D draft) { read_table(value, UserSection::limits, draft); }},
    {user, "uploads", false, "table", "those of the server", R"({ overwrite = false, file_mode = "640" })",
     "How uploads are written.", [](V value, D draft) { read_table(value, UserSection::uploads, draft); }},
    {user, "hide", false, "list of patterns", "that of the server", R"([ "*.tmp" ])",
     "Names that are left out of listings. With any of hide, deny and dot_files, none of the server's hold.",
     [](V value, D draft) { read_patterns(value, names_of(draft).hide); }},
    {user, "deny", false, "list of patterns", "that of the server", R"([ "*.exe", "/private/*" ])",
     "Names that the user can neither see nor use.",
     [](V value, D draft) { read_patterns(value, names_of(draft).deny); }},
    {user, "dot_files", false, R"("show", "hide" or "deny")", "that of the server", R"("hide")",
     "Names that begin with a dot: shown, left out of listings, or forbidden.", &read_dot_files},
    {user, "foreign_addresses", false, "true or false", "false", "true",
     "Whether the user may have data sent from and to other addresses than the client's own (FXP), within "
     "ftp.foreign_networks.",
     [](V value, D draft) { read_flag(value, draft.user.foreign_addresses); }},

    {rule, "directory", true, "path", "", R"("/inbox")", "The directory the rule is about.",
     [](V value, D draft) { read_path(value, draft.user.rules.back().directory); }},
    {rule, "letters", true, "letters", "", R"("elrw")", "What the user may do there, as in \"permissions\".",
     [](V value, D draft) { read_letters(value, draft.user.rules.back().letters); }},
    {rule, "recursive", false, "true or false", "true", "false",
     "Whether the rule holds for all below the directory, or only for it and what lies directly in it.",
     [](V value, D draft) { read_flag(value, draft.user.rules.back().recursive); }},

    {mount, "at", true, "path", "", R"("/pub")", "Where the user sees the folder.", &read_at},
    {mount, "folder", true, "folder", "", R"("/srv/pub")", "The folder of this machine.", &read_mount_folder},
    {mount, "read_only", false, "true or false", "false", "true", "Nothing in it can be changed.",
     [](V value, D draft) { read_flag(value, draft.mounts.back().read_only); }},

    {limits, "sessions", false, "number", "0", "4", "How often the user may be logged in at the same time.",
     [](V value, D draft) { read_number(value, draft.user.limits.sessions); }},
    {limits, "transfers", false, "number", "0", "2", "Transfers at the same time, all sessions together.",
     [](V value, D draft) { read_number(value, draft.user.limits.transfers); }},
    {limits, "upload_rate", false, "bytes per second", "0", R"("2M")", "Rate of uploads, all sessions together.",
     [](V value, D draft) { read_rate(value, draft.user.limits.upload_rate); }},
    {limits, "download_rate", false, "bytes per second", "0", R"("10M")", "Rate of downloads, all sessions together.",
     [](V value, D draft) { read_rate(value, draft.user.limits.download_rate); }},
    {limits, "session_upload_rate", false, "bytes per second", "0", R"("1M")", "Rate of the uploads of one session.",
     [](V value, D draft) { read_rate(value, draft.user.limits.session_upload_rate); }},
    {limits, "session_download_rate", false, "bytes per second", "0", R"("5M")",
     "Rate of the downloads of one session.",
     [](V value, D draft) { read_rate(value, draft.user.limits.session_download_rate); }},
    {limits, "transfer_upload_rate", false, "bytes per second", "0", R"("1M")", "Rate of one upload.",
     [](V value, D draft) { read_rate(value, draft.user.limits.transfer_upload_rate); }},
    {limits, "transfer_download_rate", false, "bytes per second", "0", R"("5M")", "Rate of one download.",
     [](V value, D draft) { read_rate(value, draft.user.limits.transfer_download_rate); }},
    {limits, "burst", false, "milliseconds", "0", "1000",
     "What would pass a rate of the user in so long may pass at once after a pause.",
     [](V value, D draft) { draft.user.limits.burst = std::chrono::milliseconds(value.count(3'600'000).value_or(0)); }},
    {limits, "storage", false, "bytes", "0", R"("10G")", "How much may lie in the user's tree.",
     [](V value, D draft) { read_amount(value, draft.user.limits.storage, [](V text) { return text.size(); }); }},
    {limits, "files", false, "number", "0", "100000", "How many files may lie in the user's tree.",
     [](V value, D draft) {
         read_amount(value, draft.user.limits.files, [](V text) { return text.count(most_i64); });
     }},
    {limits, "commands_per_second", false, "number", "0", "50",
     "Commands of one session in a second; more of them wait.",
     [](V value, D draft) { read_number(value, draft.user.limits.commands_per_second); }},
    {limits, "idle_timeout", false, "seconds", "0", "600", "After how much silence a session is ended.",
     [](V value, D draft) { read_span(value, draft.user.limits.idle_timeout); }},
    {limits, "stall_timeout", false, "seconds", "0", "60", "How long a running transfer may move no byte.",
     [](V value, D draft) { read_span(value, draft.user.limits.stall_timeout); }},

    {uploads, "atomic", false, "true or false", "that of the server", "true",
     "Uploads are seen under their name only when they are complete.",
     [](V value, D draft) { draft.user.uploads.atomic = value.flag(); }},
    {uploads, "keep_partial", false, "true or false", "that of the server", "true",
     "With atomic: what came of a broken upload stays as NAME.partial.",
     [](V value, D draft) { draft.user.uploads.keep_partial = value.flag(); }},
    {uploads, "drop_broken", false, "true or false", "that of the server", "true",
     "Without atomic: a broken upload that began at the first byte is removed.",
     [](V value, D draft) { draft.user.uploads.drop_broken = value.flag(); }},
    {uploads, "overwrite", false, "true or false", "that of the server", "false",
     "Uploads and renamings may replace a file that is there.",
     [](V value, D draft) { draft.user.uploads.overwrite = value.flag(); }},
    {uploads, "free_space_floor", false, "bytes", "that of the server", R"("1G")",
     "Space that uploads must leave free on the disk.",
     [](V value, D draft) { draft.user.uploads.free_space_floor = value.size(); }},
    {uploads, "file_mode", false, "octal text", "that of the server", R"("640")",
     "Mode bits of new files, before the umask.",
     [](V value, D draft) { draft.user.uploads.file_mode = value.octal(); }},
    {uploads, "directory_mode", false, "octal text", "that of the server", R"("750")",
     "Mode bits of new directories, before the umask.",
     [](V value, D draft) { draft.user.uploads.directory_mode = value.octal(); }},

    {group, "shared", false, "table", "no limits", R"({ sessions = 100, upload_rate = "50M" })",
     "What all members of the group together may use up; 0 is no limit.",
     [](V value, D draft) { read_table(value, UserSection::shared, draft); }},
    {shared, "sessions", false, "number", "0", "100", "Sessions at the same time.",
     [](V value, D draft) { draft.user.group_limits.sessions = read_count(value); }},
    {shared, "transfers", false, "number", "0", "20", "Transfers at the same time.",
     [](V value, D draft) { draft.user.group_limits.transfers = read_count(value); }},
    {shared, "upload_rate", false, "bytes per second", "0", R"("50M")", "Rate of all uploads.",
     [](V value, D draft) { draft.user.group_limits.upload_rate = value.rate().value_or(0); }},
    {shared, "download_rate", false, "bytes per second", "0", R"("100M")", "Rate of all downloads.",
     [](V value, D draft) { draft.user.group_limits.download_rate = value.rate().value_or(0); }},
});

bool is_of(const UserKey& key, UserSection section) {
    return key.section == section || (section == UserSection::group && key.section == user && is_for_groups(key));
}

std::vector<std::string_view> names_in(UserSection section) {
    std::vector<std::string_view> names;
    for (const UserKey& key : keys) {
        if (is_of(key, section)) names.push_back(key.name);
    }
    return names;
}

const UserKey* find_key(UserSection section, std::string_view name) {
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [&](const UserKey& key) { return is_of(key, section) && key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

}  // namespace

bool is_for_groups(const UserKey& key) {
    return key.name != "password" && key.name != "i2ftp_key_file" && key.name != "anonymous" && key.name != "group";
}

std::span<const UserKey> user_keys() { return keys; }

std::string unknown_key(std::string_view key, std::span<const std::string_view> known) {
    const std::string_view near = suggest(key, known);
    if (!near.empty()) return fmt::format("unknown key; did you mean \"{}\"?", near);
    return fmt::format("unknown key; known are {}", fmt::join(known, ", "));
}

void read_section(const toml::table& table, const Place& place, UserSection section, Problems& problems,
                  UserDraft& draft) {
    for (const auto& [name, node] : table) {
        const Place here{name.source().begin.line, fmt::format("{}.{}", place.key, key_part(name.str()))};
        const UserKey* key = find_key(section, name.str());
        if (key != nullptr)
            key->read(KeyValue(node, here.key, problems), draft);
        else
            problems.add(here, unknown_key(name.str(), names_in(section)));
    }
    for (const UserKey& key : keys) {
        if (key.section != section || !key.needed || table.contains(key.name)) continue;
        problems.add(place, fmt::format("has no \"{0}\"; add one, like {0} = {1}", key.name, key.example));
    }
}

}  // namespace wherry
