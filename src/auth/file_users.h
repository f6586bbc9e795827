#pragma once
// Users from a TOML file, with hashed passwords. docs/config.md lists the keys; auth/user_keys.h is where they are.
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/password.h"
#include "auth/shared_keys.h"
#include "auth/user_file.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

struct FileUsersOptions {
    PasswordCost cost;          // for the decoy of a file without any password
    PasswordVerifier verifier;  // empty: verify_password
    OtherKeys others = OtherKeys::refuse;
};

// All functions may be called from any thread. The folders of the users are opened when the file is read; a session
// keeps the user it came in with, and so its folders, over any reload.
class FileUsers final : public Authenticator {
public:
    // Reads the file; Code::invalid with one line for each mistake in it, or the code of the system.
    static Result<std::shared_ptr<FileUsers>> load(std::string file, FileUsersOptions options = {});

    // Reads the file again. The new users replace the old ones in one step; on any error the old ones stay.
    Result<void> reload();

    // What the operator should know about the file as it was last read; one sentence each.
    std::vector<std::string> warnings() const { return current()->warnings; }
    std::vector<std::string> names() const;
    // Who comes in by which key.
    std::vector<KeyOfUser> keys() const;

    // Code::not_mine for an unknown name, Code::denied for a wrong password, Code::io if its hash cannot be computed.
    // "anonymous" and "ftp", in any case, are the anonymous user if the file has one and no user of exactly that name.
    Result<UserPtr> authenticate(const Login& login) override;
    // Checks the password against a hash that costs what those of the users cost.
    void pretend(const Login& login) override;

private:
    using SetPtr = std::shared_ptr<const UserSet>;
    FileUsers(std::string file, FileUsersOptions options, UserSet set);
    SetPtr current() const;

    const std::string file_;
    const FileUsersOptions options_;
    std::mutex reload_mutex_;   // one reading at a time, so that the last one begun is the one that stays
    mutable std::mutex mutex_;  // for the pointer; the set behind it never changes
    SetPtr set_;
};

}  // namespace wherry
