#pragma once
// A users file in TOML as a set of users: reading, checking, opening the homes. All or nothing.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auth/password.h"
#include "wherry/i2ftp.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

struct FileUser {
    UserPtr user;
    std::string hash;  // of the password; empty for the anonymous user and for who has a key alone
    SharedKey key;     // of I2FTP; empty: none
};

// What one reading of the file gave; never changed afterwards.
struct UserSet {
    std::map<std::string, FileUser, std::less<>> users;
    // A hash to check against when nobody is there, of the form and cost that most of the users have, so that it takes
    // as long. Nobody is let in by it.
    std::string decoy;
    std::vector<std::string> warnings;  // for the operator: what is allowed and yet unwise
};

inline constexpr std::size_t max_user_file = std::size_t{64} << 20U;  // bytes

// What a key beside [users] is: a mistake in a file of users, none of our business in a whole configuration.
enum class OtherKeys : std::uint8_t { refuse, ignore };

// Reads `file` and opens the folders of all its users. The error holds every mistake found (Problems::text), or why
// the file could not be read. `cost` is that of a decoy where no user has a password. Blocks.
Result<UserSet> load_user_file(const std::string& file, const PasswordCost& cost, OtherKeys others = OtherKeys::refuse);

// The same for text that is already there; `file` is its name in complaints.
Result<UserSet> parse_user_file(std::string_view content, const std::string& file, const PasswordCost& cost,
                                OtherKeys others = OtherKeys::refuse);

}  // namespace wherry
