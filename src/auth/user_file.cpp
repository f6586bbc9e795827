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
#include "core/text.h"

namespace wherry {

namespace {

constexpr std::string_view write_hash = "write the output of \"wherry hash-password\"";

// --- from drafts to users ------------------------------------------------------------------------

void check_password(const UserDraft& draft, Problems& problems) {
    const bool given = draft.password_place.line != 0;  // a bad one has been complained of
    if (draft.user.anonymous && draft.user.name != "anonymous") {
        problems.add(draft.user_place, "anonymous = true is for [users.anonymous] alone; give this user a password");
    } else if (draft.user.anonymous && given) {
        problems.add(draft.password_place, "the anonymous user has no password; drop it, or drop anonymous = true");
    } else if (!draft.user.anonymous && !given && draft.user.name == "anonymous") {
        problems.add(draft.user_place, "has no password; to let everybody in, add anonymous = true");
    } else if (!draft.user.anonymous && !given) {
        problems.add(draft.user_place, fmt::format("has no password; {}", write_hash));
    }
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
    FilesystemPtr home = open_folder(draft.home, draft.home_place, draft.posix, problems);
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

void check_start(const UserDraft& draft, Problems& problems) {
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
    if (std::string warning = anonymous_warning(draft.user); !warning.empty()) {
        warnings.push_back(key + ": " + warning);
    }
}

void read_user(std::string_view name, const KeyValue& value, Problems& problems, UserSet& set) {
    const toml::table* table = value.node().as_table();
    if (table == nullptr) return value.problem("must be a table, like [users.alice]");
    UserDraft draft;
    draft.user.name = name;
    draft.user_place = value.place();
    if (!is_user_name(name)) value.problem("is not a valid name; it needs 1 to 255 bytes and no control characters");
    read_section(*table, draft.user_place, UserSection::user, problems, draft);
    check_password(draft, problems);
    draft.user.filesystem = open_tree(draft, problems);
    check_start(draft, problems);
    add_warnings(draft, set.warnings);
    auto user = std::make_shared<const User>(std::move(draft.user));
    set.users.emplace(name, FileUser{std::move(user), std::move(draft.password)});
}

// --- the file ------------------------------------------------------------------------------------

void read_users(const toml::table& file, OtherKeys others, Problems& problems, UserSet& set) {
    static constexpr std::array<std::string_view, 1> top_keys{"users"};
    for (const auto& [name, node] : file) {
        if (name.str() == top_keys[0] || others == OtherKeys::ignore) continue;
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
        read_user(name.str(), KeyValue(node, "users." + key_part(name.str()), problems), problems, set);
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
