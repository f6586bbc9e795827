#pragma once
// Who may come in and what they may do: Perm, User, Login, Authenticator.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/filesystem.h"
#include "wherry/path.h"
#include "wherry/result.h"
#include "wherry/tls.h"

namespace wherry {

// --- permissions

// A set of permission letters. The letters, with the FTP commands that ask for them:
//   e  change directory (CWD, CDUP)                l  list and look (LIST, NLST, MLSD, MLST, STAT, SIZE, MDTM)
//   r  read files (RETR, HASH)                     a  append to files (APPE)
//   d  delete files and directories (DELE, RMD)    f  rename (RNFR, RNTO)
//   m  make directories (MKD)                      w  write files (STOR, STOU)
//   M  change modes (SITE CHMOD)                   T  change times (MFMT)
// and those that perm::all has not, since they must be meant:
//   S  make symbolic links (SITE SYMLINK)          D  delete directories with all in them (RMDA, SITE RMDIR)
//   O  change owners (SITE CHOWN)
// Copies (SITE COPY) want r on the one and w on the other; COMB wants w and a on its target, r and d on its parts.
// Any other ASCII letter is free for commands of your own. A value of 8 bytes.
class Perm {
public:
    constexpr Perm() = default;
    constexpr explicit Perm(std::string_view letters) {
        for (const char letter : letters) bits_ |= bit(letter);
    }
    // nullopt if `letters` holds anything but ASCII letters.
    static std::optional<Perm> parse(std::string_view letters);

    constexpr bool has(char letter) const { return (bits_ & bit(letter)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool writes() const { return (bits_ & Perm("adfmwMTSDO").bits_) != 0; }
    std::string text() const;  // the letters, in the order of the list above, own letters after them

    friend constexpr Perm operator|(Perm a, Perm b) { return Perm(a.bits_ | b.bits_); }
    friend constexpr Perm operator&(Perm a, Perm b) { return Perm(a.bits_ & b.bits_); }
    friend constexpr bool operator==(Perm, Perm) = default;

private:
    constexpr explicit Perm(std::uint64_t bits) : bits_(bits) {}
    static constexpr std::uint64_t bit(char letter) {
        if (letter >= 'a' && letter <= 'z') return 1ULL << (letter - 'a');
        if (letter >= 'A' && letter <= 'Z') return 1ULL << (letter - 'A' + 26);
        return 0;
    }
    std::uint64_t bits_ = 0;
};

namespace perm {
inline constexpr Perm none{};
inline constexpr Perm read{"elr"};
inline constexpr Perm write{"adfmwMT"};
inline constexpr Perm all{"elradfmwMT"};
inline constexpr Perm drop{"ew"};  // put files in without seeing what is there
}  // namespace perm

// Letters for one directory and, if `recursive`, all below it; else for the directory and the files directly in it.
struct PermissionRule {
    Path directory{};
    Perm letters{};
    bool recursive = true;
};

// --- secrets

// A password in clear. It does not print, compares in constant time and wipes its memory when it goes.
class Password {
public:
    Password() = default;
    explicit Password(std::string text);
    Password(const Password&) = default;
    Password(Password&&) noexcept;
    Password& operator=(const Password&);
    Password& operator=(Password&&) noexcept;
    ~Password();

    std::string_view text() const noexcept { return text_; }
    bool matches(const Password& other) const noexcept;

private:
    std::string text_;
};

// --- users

// Rates are bytes per second, sizes bytes, counts numbers; 0 always means "no word about it here": what the server says
// for every user then holds. The three constants mean that there is no limit for this user, whatever the server says.
struct UserLimits {
    static constexpr std::uint32_t any_number = 0xFFFF'FFFF;
    static constexpr std::uint64_t any_rate = 0xFFFF'FFFF'FFFF'FFFF;
    static constexpr std::chrono::seconds any_time = std::chrono::seconds::max();

    std::uint32_t sessions = 0;             // at the same time
    std::uint32_t transfers = 0;            // at the same time, all sessions of the user together
    std::uint64_t upload_rate = 0;          // all sessions of the user together
    std::uint64_t download_rate = 0;        // all sessions of the user together
    std::uint64_t session_upload_rate = 0;  // all transfers of one session, one after the other
    std::uint64_t session_download_rate = 0;
    std::uint64_t transfer_upload_rate = 0;  // one transfer
    std::uint64_t transfer_download_rate = 0;
    std::chrono::milliseconds burst{0};  // after a pause, what would have passed in so long may pass at once
    std::uint64_t storage = 0;           // bytes that may lie in the user's tree
    std::uint64_t files = 0;             // files that may lie there
    std::uint32_t commands_per_second = 0;
    std::chrono::seconds idle_timeout{0};
    std::chrono::seconds stall_timeout{0};  // a running transfer moves no byte
};

// What the members of a group may use up all together; 0: no limit of this kind.
struct GroupLimits {
    std::uint32_t sessions = 0;
    std::uint32_t transfers = 0;
    std::uint64_t upload_rate = 0;
    std::uint64_t download_rate = 0;
};

// How uploads of one user are written. What is not set is as the server says.
struct UserUploads {
    std::optional<bool> atomic;
    std::optional<bool> keep_partial;
    std::optional<bool> drop_broken;
    std::optional<bool> overwrite;
    std::optional<std::uint64_t> free_space_floor;  // bytes
    std::optional<std::uint32_t> file_mode;         // permission bits of new files, before the umask
    std::optional<std::uint32_t> directory_mode;
};

// One user after login. Immutable once an authenticator has returned it; live sessions share it.
struct User {
    std::string name{};
    bool anonymous = false;
    FilesystemPtr filesystem{};     // the user's whole tree
    Perm permissions = perm::read;  // where no rule says otherwise
    std::vector<PermissionRule> rules{};
    Path start{};  // where the session begins
    // Names of the server, in small letters, by which alone this user is served; empty: any.
    std::vector<std::string> hosts{};
    UserLimits limits{};
    std::string group{};  // empty: none. Sessions with the same one share its limits
    GroupLimits group_limits{};
    UserUploads uploads{};
    std::optional<NameRules> names{};  // instead of those of the server
    bool foreign_addresses = false;    // may have data sent from and to other addresses than the client's (FXP)
    bool tls_required = false;         // no login in clear, and no data connection in clear
    bool tls_login_required = false;   // no login in clear; data connections may be
    bool tls_reuse_required = false;   // protected data connections resume the session of their control connection
    std::string login_message{};       // text of 230; empty: the server's
    std::string quit_message{};        // text of 221; empty: the server's
    std::shared_ptr<void> extra{};     // data of your own; sessions of this user carry it as SessionInfo::extra

    // The letters that hold for `path`: those of the rule with the longest directory that covers it, else
    // `permissions`.
    Perm permissions_for(const Path& path) const;
};
using UserPtr = std::shared_ptr<const User>;

// --- authentication

// One attempt to log in.
struct Login {
    std::string name{};  // 1 to 255 bytes, none of them a control byte
    Password password{};
    std::string peer{};      // the client's address as text, IPv4 unwrapped from ::ffff:
    std::string protocol{};  // "ftp", "tftp", "i2ftp"
    bool secure = false;     // the connection is encrypted
    std::string host{};      // the name of the server that the client asked for (HOST), in small letters; mostly empty
    std::shared_ptr<const ClientCertificate> certificate{};  // that the client has shown; null: none
    // The certificate names this user, by the rule of the server (CertificateRule): there is no password to check.
    bool by_certificate = false;
};

// Decides whether an attempt is a user. Called on a worker of the "auth" lane, by several threads at once; may block.
// Answers the user, fail(Code::denied) for a known user with wrong credentials, or fail(Code::not_mine) for a user it
// does not know: then the next authenticator is asked. Any other code is an error of its own (database down): the login
// fails and the log says why.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    virtual Result<UserPtr> authenticate(const Login& login) = 0;
    // Spends the time that checking a wrong password takes, for a user nobody knows, so that the two cannot be told
    // apart from outside (CVE-2004-1602 was such a leak).
    virtual void pretend(const Login&) {}
};
using AuthenticatorPtr = std::shared_ptr<Authenticator>;

}  // namespace wherry
