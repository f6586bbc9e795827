#include "auth/user_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "auth/anonymous.h"
#include "auth/sodium.h"
#include "auth/user_keys.h"
#include "auth/user_name.h"
#include "core/suggest.h"
#include "core/text.h"

namespace wherry {

namespace {

constexpr std::string_view write_hash = "write the output of \"wherry hash-password\"";

// --- from drafts to users ------------------------------------------------------------------------

void check_password(const UserDraft& draft, Problems& problems) {
    const bool given = draft.password_place.line != 0;  // a bad one has been complained of
    const bool has_key = draft.key_place.line != 0;
    if (draft.user.anonymous && has_key) {
        problems.add(draft.key_place, "the anonymous user has no key; drop it, or give it to a user with a name");
    }
    if (draft.user.anonymous && draft.user.name != "anonymous") {
        problems.add(draft.user_place, "anonymous = true is for [users.anonymous] alone; give this user a password");
    } else if (draft.user.anonymous && given) {
        problems.add(draft.password_place, "the anonymous user has no password; drop it, or drop anonymous = true");
    } else if (!draft.user.anonymous && !given && !has_key && draft.user.name == "anonymous") {
        problems.add(draft.user_place, "has no password; to let everybody in, add anonymous = true");
    } else if (!draft.user.anonymous && !given && !has_key) {
        problems.add(draft.user_place, fmt::format("has no password; {}", write_hash));
    }
}

// The error names the file, never what is in it.
SharedKey read_key(const UserDraft& draft, Problems& problems) {
    if (draft.key_file.empty()) return {};
    auto key = SharedKey::from_file(draft.key_file);
    if (key) return std::move(*key);
    problems.add(draft.key_place, key.error().message);
    return {};
}

FilesystemPtr open_folder(const std::string& folder, const Place& place, const PosixOptions& options,
                          Problems& problems) {
    if (folder.empty()) return nullptr;  // has been complained of
    auto opened = posix_filesystem(folder, options);
    if (opened) return std::move(*opened);
    problems.add(place, fmt::format("cannot be opened as a folder ({}); make the folder, or correct its path",
                                    opened.error().message));
    return nullptr;
}

FilesystemPtr open_tree(const UserDraft& draft, Problems& problems) {
    PosixOptions posix = draft.posix;
    if (!draft.jail) posix.symlinks = Symlinks::anywhere;
    FilesystemPtr home =
        open_folder(draft.jail || draft.home.empty() ? draft.home : "/", draft.home_place, posix, problems);
    std::vector<Mount> mounts{{Path(), home}};
    bool whole = home != nullptr;
    for (const MountDraft& mount : draft.mounts) {
        FilesystemPtr folder = open_folder(mount.folder, mount.folder_place, draft.posix, problems);
        const bool taken = std::any_of(mounts.begin(), mounts.end(), [&](const Mount& m) { return m.at == mount.at; });
        // "/" has been complained of.
        if (taken && !mount.at.is_root()) {
            problems.add(mount.at_place, "is the place of another mount of this user; choose another");
        }
        whole = whole && folder != nullptr && !taken;
        if (folder != nullptr && mount.read_only) folder = read_only_filesystem(std::move(folder));
        mounts.push_back({mount.at, std::move(folder)});
    }
    if (!whole) return nullptr;
    FilesystemPtr tree = mounts.size() == 1 ? std::move(home) : mount_filesystem(std::move(mounts));
    return draft.read_only ? read_only_filesystem(std::move(tree)) : tree;
}

void check_start(UserDraft& draft, Problems& problems) {
    if (!draft.jail && draft.user.start.is_root()) {
        draft.user.start = Path::resolve(draft.home).value_or(Path());
        draft.start_place = draft.home_place;
    }
    if (draft.user.filesystem == nullptr || draft.user.start.is_root()) return;
    const auto stat = draft.user.filesystem->stat(draft.user.start);
    if (stat && stat->is_directory()) return;
    problems.add(draft.start_place, "is no directory in the user's tree; make it, or drop this key");
}

void add_warnings(const UserDraft& draft, std::vector<std::string>& warnings) {
    const std::string& key = draft.user_place.key;
    if (is_weak_password_hash(draft.password)) {
        warnings.push_back(key +
                           ": the password has an MD5 hash, which is quickly guessed if the file gets lost; "
                           "replace it by the output of \"wherry hash-password\"");
    }
    if (!draft.jail) {
        warnings.push_back(key + ": jail = false: the user sees the whole machine, as far as the server may");
    }
    if (std::string warning = anonymous_warning(draft.user); !warning.empty()) {
        warnings.push_back(key + ": " + warning);
    }
}

using Groups = std::map<std::string, const toml::table*, std::less<>>;

// What the user's group says. Its mistakes have been complained of, once and not for each member.
void inherit(const toml::table& table, const Groups& groups, Problems& problems, UserDraft& draft) {
    const auto name = table["group"].value_exact<std::string>();
    if (!name) return;
    const auto found = groups.find(*name);
    if (found == groups.end()) {
        std::vector<std::string_view> known;
        for (const auto& [group, keys] : groups) known.push_back(group);
        const std::string_view near = suggest(*name, known);
        const Place place{table.get("group")->source().begin.line, draft.user_place.key + ".group"};
        return problems.add(place, near.empty() ? "there is no such group; add the table [groups.NAME]"
                                                : fmt::format("there is no such group; did you mean \"{}\"?", near));
    }
    Problems known("");
    read_section(*found->second, {}, UserSection::group, known, draft);
}

// The mounts of the group give way to those of the user at the same place.
void drop_overridden(UserDraft& draft, std::size_t of_group) {
    const auto begin = draft.mounts.begin();
    const auto own = begin + static_cast<std::ptrdiff_t>(of_group);
    const auto overridden = std::remove_if(begin, own, [&](const MountDraft& mount) {
        return std::any_of(own, draft.mounts.end(), [&](const MountDraft& other) { return other.at == mount.at; });
    });
    draft.mounts.erase(overridden, own);
}

// The name of a user in the path of a folder: it must be one component of it.
void put_name(std::string& folder, const Place& place, const std::string& name, Problems& problems) {
    constexpr std::string_view mark = "{user}";
    const auto at = folder.find(mark);
    if (at == std::string::npos) return;
    if (name.contains('/') || name == "." || name == "..") {
        problems.add(place, "{user} cannot be replaced: the name of this user is no name of a folder");
        return folder.clear();
    }
    folder.replace(at, mark.size(), name);
}

void check_home(UserDraft& draft, Problems& problems) {
    if (draft.home_place.line == 0 && draft.home.empty()) {
        problems.add(draft.user_place, R"(has no "home"; add one, like home = "/srv/alice")");
    }
    put_name(draft.home, draft.home_place, draft.user.name, problems);
    for (MountDraft& mount : draft.mounts) put_name(mount.folder, mount.folder_place, draft.user.name, problems);
}

void read_user(std::string_view name, const KeyValue& value, const Groups& groups, Problems& problems, UserSet& set) {
    const toml::table* table = value.node().as_table();
    if (table == nullptr) return value.problem("must be a table, like [users.alice]");
    UserDraft draft;
    draft.user.name = name;
    draft.user_place = value.place();
    if (!is_user_name(name)) value.problem("is not a valid name; it needs 1 to 255 bytes and no control characters");
    inherit(*table, groups, problems, draft);
    const std::size_t inherited = draft.mounts.size();
    read_section(*table, draft.user_place, UserSection::user, problems, draft);
    drop_overridden(draft, inherited);
    check_home(draft, problems);
    check_password(draft, problems);
    draft.user.filesystem = open_tree(draft, problems);
    check_start(draft, problems);
    add_warnings(draft, set.warnings);
    auto user = std::make_shared<const User>(std::move(draft.user));
    set.users.emplace(name, FileUser{std::move(user), std::move(draft.password), read_key(draft, problems)});
}

// --- the file ------------------------------------------------------------------------------------

// Complains of what is wrong in them; what they say counts when their users are read.
Groups read_groups(const toml::table& file, Problems& problems) {
    Groups groups;
    const toml::node* const node = file.get("groups");
    if (node == nullptr) return groups;
    const toml::table* const all = node->as_table();
    if (all == nullptr) {
        problems.add({node->source().begin.line, "groups"}, "must hold tables, like [groups.staff]");
        return groups;
    }
    for (const auto& [name, group] : *all) {
        const KeyValue value(group, "groups." + key_part(name.str()), problems);
        const toml::table* const table = group.as_table();
        if (table == nullptr) {
            value.problem("must be a table, like [groups.staff]");
            continue;
        }
        UserDraft draft;
        read_section(*table, value.place(), UserSection::group, problems, draft);
        groups.emplace(name.str(), table);
    }
    return groups;
}

void read_users(const toml::table& file, OtherKeys others, Problems& problems, UserSet& set) {
    static constexpr std::array<std::string_view, 2> top_keys{"users", "groups"};
    const Groups groups = read_groups(file, problems);
    for (const auto& [name, node] : file) {
        if (std::ranges::find(top_keys, name.str()) != top_keys.end() || others == OtherKeys::ignore) continue;
        problems.add({name.source().begin.line, key_part(name.str())}, unknown_key(name.str(), top_keys));
    }
    const toml::node* users = file.get(top_keys[0]);
    const toml::table* table = users == nullptr ? nullptr : users->as_table();
    if (users != nullptr && table == nullptr) {
        return problems.add({users->source().begin.line, "users"}, "must hold tables, like [users.alice]");
    }
    // A file that an editor has just emptied must not lock everybody out.
    if (table == nullptr || table->empty()) {
        return problems.add({}, "there is no user in it; add one, like [users.alice]");
    }
    for (const auto& [name, node] : *table) {
        read_user(name.str(), KeyValue(node, "users." + key_part(name.str()), problems), groups, problems, set);
    }
}

void add_syntax_error(const toml::parse_error& error, Problems& problems) {
    // What a hash or a path without quotation marks, the usual slip, looks like to the parser.
    const bool bare_text = error.description().contains("determine value type");
    const std::string_view hint = bare_text ? "; write text in quotation marks" : "";
    problems.add({error.source().begin.line, {}},
                 fmt::format("not valid TOML: {}{}", for_log(error.description()), hint));
}

Result<std::string> make_decoy(const UserSet& set, const PasswordCost& cost) {
    std::map<std::string_view, std::size_t> count;
    const std::string* decoy = nullptr;
    std::size_t most = 0;
    for (const auto& [name, user] : set.users) {
        if (user.hash.empty()) continue;
        const std::size_t seen = ++count[cost_of_hash(user.hash)];
        if (seen > most) decoy = &user.hash;
        most = std::max(most, seen);
    }
    if (decoy != nullptr) return *decoy;
    std::string random(32, '\0');
    randombytes_buf(random.data(), random.size());
    return hash_password(Password(std::move(random)), cost);
}

struct Closer {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};
using StreamPtr = std::unique_ptr<std::FILE, Closer>;

// Null, with errno, if it cannot be opened. Not blocking, so that a FIFO of that name does not hold us up.
StreamPtr open_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return nullptr;
    StreamPtr stream(::fdopen(descriptor, "r"));
    if (stream == nullptr) ::close(descriptor);
    return stream;
}

struct Content {
    std::string text;
    bool open_to_all = false;  // anybody on this machine may write it
};

Result<Content> read_file(const std::string& path) {
    constexpr std::string_view doing = "read the users file";
    const StreamPtr file = open_file(path);
    struct stat about{};
    if (file == nullptr || ::fstat(::fileno(file.get()), &about) != 0) return fail_errno(errno, doing, path);
    if (!S_ISREG(about.st_mode)) return fail(Code::not_regular, fmt::format("{} {}: not a regular file", doing, path));
    Content content{.text = {}, .open_to_all = (about.st_mode & S_IWOTH) != 0};
    std::array<char, 65536> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        content.text.append(buffer.data(), got);
        if (content.text.size() > max_user_file) {
            return fail(Code::invalid, fmt::format("{} {}: larger than {} bytes", doing, path, max_user_file));
        }
    }
    if (std::ferror(file.get()) != 0) return fail_errno(errno, doing, path);
    return content;
}

}  // namespace

Result<UserSet> parse_user_file(std::string_view content, const std::string& file, const PasswordCost& cost,
                                OtherKeys others) {
    if (!sodium_ready()) return fail(Code::internal, "libsodium cannot be initialised");
    Problems problems(file);
    UserSet set;
    const toml::parse_result parsed = toml::parse(content, file);
    if (parsed) {
        read_users(parsed.table(), others, problems, set);
    } else {
        add_syntax_error(parsed.error(), problems);
    }
    if (!problems.empty()) return fail(Code::invalid, problems.text());
    auto decoy = make_decoy(set, cost);
    if (!decoy) return fail(std::move(decoy.error()));
    set.decoy = std::move(*decoy);
    return set;
}

Result<UserSet> load_user_file(const std::string& file, const PasswordCost& cost, OtherKeys others) {
    auto content = read_file(file);
    if (!content) return fail(std::move(content.error()));
    auto set = parse_user_file(content->text, file, cost, others);
    if (set && content->open_to_all) {
        set->warnings.push_back(file + ": every account of this machine may write this file; run: chmod o-w " + file);
    }
    return set;
}

}  // namespace wherry
