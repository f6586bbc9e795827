#include "auth/user_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "auth/password.h"
#include "core/suggest.h"
#include "core/text.h"

namespace wherry {

namespace {

using U64 = std::uint64_t;
constexpr U64 most_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr U64 most_i64 = std::numeric_limits<std::int64_t>::max();

// --- values that several keys share --------------------------------------------------------------

void read_flag(const KeyValue& value, bool& into) {
    if (const auto flag = value.flag()) into = *flag;
}

void read_letters(const KeyValue& value, Perm& into) {
    const auto text = value.text();
    if (!text) return;
    const auto letters = Perm::parse(*text);
    if (letters)
        into = *letters;
    else
        value.problem("may hold letters only, those of \"elradfmwMT\" and your own");
}

// A place in the user's tree.
bool read_path(const KeyValue& value, Path& into) {
    const auto text = value.text();
    if (!text) return false;
    const auto path = Path::resolve(*text);
    const bool valid = text->starts_with('/') && path;
    if (valid)
        into = *path;
    else
        value.problem("must be a path as the user sees it, beginning with \"/\"");
    return valid;
}

// A folder of this machine. Whether it is there is seen when it is opened.
void read_folder(const KeyValue& value, std::string& into) {
    const auto text = value.text();
    if (!text) return;
    if (text->starts_with('/') && !text->contains('\0'))
        into = *text;
    else
        value.problem("must be the full path of a folder of this machine, beginning with \"/\"");
}

// Text for replies. Line ends are the protocol's to write, so a CR of the file's own line ends is dropped.
void read_message(const KeyValue& value, std::string& into) {
    auto text = value.text();
    if (!text) return;
    for (std::size_t at = 0; (at = text->find("\r\n", at)) != std::string::npos;) text->erase(at, 1);
    const auto bad = [](char c) { return is_control(c) && c != '\n' && c != '\t'; };
    if (std::none_of(text->begin(), text->end(), bad))
        into = std::move(*text);
    else
        value.problem("holds control characters; leave them out");
}

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

// As text: the number 22 would be 026.
void read_umask(const KeyValue& value, UserDraft& draft) {
    const auto text = value.node().value_exact<std::string>();
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    const bool valid = text && (text->size() == 3 || (text->size() == 4 && text->front() == '0')) &&
                       std::all_of(text->begin(), text->end(), is_octal);
    if (!valid) return value.problem("must be three octal digits as text, like \"022\"");
    std::uint32_t bits = 0;
    for (const char digit : *text) bits = bits * 8 + static_cast<std::uint32_t>(digit - '0');
    draft.posix.umask = bits;
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

void read_limits(const KeyValue& value, UserDraft& draft) {
    const toml::table* table = value.node().as_table();
    if (table == nullptr) return value.problem("must be a table, like { sessions = 4 }");
    read_section(*table, value.place(), UserSection::limits, value.problems(), draft);
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

void read_idle_timeout(const KeyValue& value, UserDraft& draft) {
    if (const auto seconds = value.count(most_u32)) draft.user.limits.idle_timeout = std::chrono::seconds(*seconds);
}

void read_sessions(const KeyValue& value, UserDraft& draft) {
    if (const auto count = value.count(most_u32)) draft.user.limits.sessions = static_cast<std::uint32_t>(*count);
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
    {user, "home", true, "folder", "", R"("/srv/alice")", "The folder of this machine that the user sees as \"/\".",
     &read_home},
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
    {user, "umask", false, "octal text", R"("022")", R"("027")", "Mode bits that new files and directories do not get.",
     &read_umask},
    {user, "read_only", false, "true or false", "false", "true",
     "Nothing in the user's tree can be changed, whatever the permissions say.",
     [](V value, D draft) { read_flag(value, draft.read_only); }},
    {user, "rules", false, "list of tables", "none", R"([ { directory = "/inbox", letters = "elrw" } ])",
     "Permissions for single directories; the rule of the longest directory holds, of equals the last.", &read_rules},
    {user, "mounts", false, "list of tables", "none", R"([ { at = "/pub", folder = "/srv/pub", read_only = true } ])",
     "Further folders of this machine in the user's tree.", &read_mounts},
    {user, "limits", false, "table", "those of the server", R"({ sessions = 4, upload_rate = "2M" })",
     "What the user may use up at most; 0 stands for the limit of the server.", &read_limits},

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
     &read_sessions},
    {limits, "upload_rate", false, "bytes per second", "0", R"("2M")", "Rate of uploads, all sessions together.",
     [](V value, D draft) { draft.user.limits.upload_rate = value.rate().value_or(0); }},
    {limits, "download_rate", false, "bytes per second", "0", R"("10M")", "Rate of downloads, all sessions together.",
     [](V value, D draft) { draft.user.limits.download_rate = value.rate().value_or(0); }},
    {limits, "storage", false, "bytes", "0", R"("10G")", "How much may lie in the user's tree.",
     [](V value, D draft) { draft.user.limits.storage = value.size().value_or(0); }},
    {limits, "files", false, "number", "0", "100000", "How many files may lie in the user's tree.",
     [](V value, D draft) { draft.user.limits.files = value.count(most_i64).value_or(0); }},
    {limits, "idle_timeout", false, "seconds", "0", "600", "After how much silence a session is ended.",
     &read_idle_timeout},
});

std::vector<std::string_view> names_of(UserSection section) {
    std::vector<std::string_view> names;
    for (const UserKey& key : keys) {
        if (key.section == section) names.push_back(key.name);
    }
    return names;
}

const UserKey* find_key(UserSection section, std::string_view name) {
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [&](const UserKey& key) { return key.section == section && key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

}  // namespace

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
            problems.add(here, unknown_key(name.str(), names_of(section)));
    }
    for (const UserKey& key : keys) {
        if (key.section != section || !key.needed || table.contains(key.name)) continue;
        problems.add(place, fmt::format("has no \"{0}\"; add one, like {0} = {1}", key.name, key.example));
    }
}

}  // namespace wherry
