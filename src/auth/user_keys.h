#pragma once
// THE table of what may stand under a user of a users file. Reading the file, finding the key that was meant by a
// mistyped one, and the documentation all walk this one list.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/key_value.h"
#include "wherry/filesystem.h"
#include "wherry/user.h"

namespace wherry {

// A further folder of a user, as the file names it.
struct MountDraft {
    Path at;
    std::string folder;
    bool read_only = false;
    Place at_place;
    Place folder_place;
};

// A user while its keys are read: what goes into User at once, and what it is made of when all keys are known.
struct UserDraft {
    User user;
    std::string password;  // its hash
    std::string key_file;
    std::string home;
    PosixOptions posix;
    bool read_only = false;
    bool jail = true;
    std::vector<MountDraft> mounts;
    Place user_place;
    Place password_place;
    Place key_place;
    Place home_place;
    Place start_place;
    Place group_place;
};

// The table a key stands in: the user's own, or one of those inside it; `group` are the keys that a group has besides
// those of its users.
enum class UserSection : std::uint8_t { user, rule, mount, limits, uploads, group, shared };

struct UserKey {
    UserSection section;
    std::string_view name;
    bool needed;                // the section is wrong without it
    std::string_view type;      // for the documentation, as are the next three
    std::string_view fallback;  // what holds without the key; empty if it is needed
    std::string_view example;   // a valid value, as TOML
    std::string_view sentence;
    // Checks the value and puts it into the draft (for rules and mounts: into the last one); complains to the value.
    void (*read)(const KeyValue& value, UserDraft& draft);
};

std::span<const UserKey> user_keys();

// Whether a group may say it for its users: not who they are.
bool is_for_groups(const UserKey& key);

// Reads all keys of `table`, which stands at `place`; complains of unknown and of missing ones. Of a group these are
// the keys of a user that are for groups, too.
void read_section(const toml::table& table, const Place& place, UserSection section, Problems& problems,
                  UserDraft& draft);

// "unknown key; did you mean "home"?", or all of `known` if none is near.
std::string unknown_key(std::string_view key, std::span<const std::string_view> known);

}  // namespace wherry
