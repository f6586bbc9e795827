#pragma once
// The table of commands and the functions behind it. A command is a function in the file of its family (cmd_*.cpp) and
// a row in commands.cpp.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "net/task.h"

namespace wherry::ftp {

class Session;
struct OwnCommand;
struct Settings;

// What must hold before a command is called, tested in one place (session.cpp).
enum Needs : std::uint16_t {
    nothing = 0,
    login = 1U << 0,     // 530 otherwise
    argument = 1U << 1,  // 501 otherwise
    channel = 1U << 2,   // PASV, PORT and their like have been said; 425 otherwise
    transfer = 1U << 3,  // takes its time: runs beside the control connection, which goes on reading
    anytime = 1U << 4,   // is answered while a transfer runs; all others wait for its end
    secret = 1U << 5,    // the argument is in no log and no event
    alone = 1U << 6,     // takes no argument: 501 for one if the settings are strict
    secured = 1U << 8,   // in FEAT only where TLS is offered
};
constexpr Needs operator|(Needs a, Needs b) {
    return static_cast<Needs>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

struct Row {
    using Plain = void (*)(Session& session, std::string_view argument);               // needs no waiting
    using Waiting = net::Task<void> (*)(Session& session, std::string_view argument);  // `argument` lives until it ends
    using When = bool (*)(const Settings& settings);

    std::string_view verb;
    Needs needs;
    std::string_view help;     // "RETR <path>"
    std::string_view feature;  // its line in FEAT; empty: none
    When when = nullptr;       // null: always; where it says no, the row is not there
    Plain plain = nullptr;
    Waiting waiting = nullptr;
    const OwnCommand* own = nullptr;  // of an embedder, instead of both

    constexpr Row(std::string_view word, Needs what, std::string_view syntax, Plain function,
                  std::string_view feat = {}, When condition = nullptr)
        : verb(word), needs(what), help(syntax), feature(feat), when(condition), plain(function) {}
    constexpr Row(std::string_view word, Needs what, std::string_view syntax, Waiting function,
                  std::string_view feat = {}, When condition = nullptr)
        : verb(word), needs(what), help(syntax), feature(feat), when(condition), waiting(function) {}
    constexpr Row(std::string_view word, Needs what, std::string_view syntax, const OwnCommand& command,
                  std::string_view feat = {})
        : verb(word), needs(what), help(syntax), feature(feat), own(&command) {}
    constexpr bool has(Needs need) const { return (needs & need) != 0; }
    constexpr bool runs_same(const Row& other) const { return plain == other.plain && waiting == other.waiting; }
};

// Everything this program knows, whatever the settings: a verb stands twice if a setting changes what it takes.
std::span<const Row> commands();
std::span<const Row> site_commands();
const Row* find(std::span<const Row> rows, std::string_view verb);
// Known from RFCs, drafts and the tables, but not offered: 502 and not 500.
bool is_known_elsewhere(std::string_view verb);
// True for "MLSD" and "SITE CHMOD", in capitals, and for none of what every session needs (USER, PASS, QUIT).
bool can_be_disabled(std::string_view name);

// The rows of one server: what its settings leave of the tables, and those of the embedder, which must outlive it.
// Whoever disables a command disables its other spellings too (MKD and XMKD).
class CommandTable {
public:
    explicit CommandTable(const Settings& settings, std::span<const OwnCommand> own = {});
    std::span<const Row> commands() const noexcept { return commands_; }
    std::span<const Row> site_commands() const noexcept { return site_; }

private:
    void add(const OwnCommand& command);  // in hooks.cpp
    std::vector<Row> commands_;
    std::vector<Row> site_;
};

// --- cmd_login.cpp: who is there
net::Task<void> user(Session& session, std::string_view argument);
net::Task<void> pass(Session& session, std::string_view argument);
void acct(Session& session, std::string_view argument);
void rein(Session& session, std::string_view argument);
net::Task<void> quit(Session& session, std::string_view argument);
// --- cmd_tls.cpp: protection of both connections
net::Task<void> auth(Session& session, std::string_view argument);
void pbsz(Session& session, std::string_view argument);
void prot(Session& session, std::string_view argument);
net::Task<void> ccc(Session& session, std::string_view argument);
// --- cmd_params.cpp: how things are transferred
void type(Session& session, std::string_view argument);
void mode(Session& session, std::string_view argument);
void stru(Session& session, std::string_view argument);
void opts(Session& session, std::string_view argument);
void rest(Session& session, std::string_view argument);
void rang(Session& session, std::string_view argument);
// --- cmd_space.cpp: how much there is
net::Task<void> allo(Session& session, std::string_view argument);
net::Task<void> avbl(Session& session, std::string_view argument);
net::Task<void> dsiz(Session& session, std::string_view argument);
// --- cmd_data.cpp: the data connection
net::Task<void> pasv(Session& session, std::string_view argument);
void epsv(Session& session, std::string_view argument);
void port(Session& session, std::string_view argument);
void eprt(Session& session, std::string_view argument);
net::Task<void> pret(Session& session, std::string_view argument);
net::Task<void> abor(Session& session, std::string_view argument);
// --- cmd_retr.cpp, cmd_stor.cpp, cmd_list.cpp: transfers
net::Task<void> retr(Session& session, std::string_view argument);
net::Task<void> stor(Session& session, std::string_view argument);
net::Task<void> appe(Session& session, std::string_view argument);
net::Task<void> stou(Session& session, std::string_view argument);
net::Task<void> list(Session& session, std::string_view argument);
net::Task<void> nlst(Session& session, std::string_view argument);
net::Task<void> mlsd(Session& session, std::string_view argument);
// --- cmd_look.cpp: single objects, without a data connection
net::Task<void> mlst(Session& session, std::string_view argument);
net::Task<void> size(Session& session, std::string_view argument);
net::Task<void> mdtm(Session& session, std::string_view argument);
// --- cmd_hash.cpp: checksums
net::Task<void> hash(Session& session, std::string_view argument);
net::Task<void> xcrc(Session& session, std::string_view argument);
net::Task<void> xmd5(Session& session, std::string_view argument);
net::Task<void> xsha1(Session& session, std::string_view argument);
net::Task<void> xsha256(Session& session, std::string_view argument);
net::Task<void> xsha512(Session& session, std::string_view argument);
net::Task<void> md5(Session& session, std::string_view argument);
net::Task<void> mmd5(Session& session, std::string_view argument);
// --- cmd_dirs.cpp: directories
void pwd(Session& session, std::string_view argument);
net::Task<void> cwd(Session& session, std::string_view argument);
net::Task<void> cdup(Session& session, std::string_view argument);
net::Task<void> mkd(Session& session, std::string_view argument);
net::Task<void> rmd(Session& session, std::string_view argument);
net::Task<void> rmda(Session& session, std::string_view argument);
// --- cmd_files.cpp: files
net::Task<void> dele(Session& session, std::string_view argument);
net::Task<void> rnfr(Session& session, std::string_view argument);
net::Task<void> rnto(Session& session, std::string_view argument);
net::Task<void> comb(Session& session, std::string_view argument);
// --- cmd_facts.cpp: what is known of a file, changed
net::Task<void> mfct(Session& session, std::string_view argument);
net::Task<void> mfmt(Session& session, std::string_view argument);
net::Task<void> mff(Session& session, std::string_view argument);
net::Task<void> mdtm_or_set(Session& session, std::string_view argument);
// --- cmd_client.cpp: what the client says of itself
void clnt(Session& session, std::string_view argument);
void csid(Session& session, std::string_view argument);
void host(Session& session, std::string_view argument);
void lang(Session& session, std::string_view argument);
// --- cmd_info.cpp: the server itself
void noop(Session& session, std::string_view argument);
void syst(Session& session, std::string_view argument);
void feat(Session& session, std::string_view argument);
void help(Session& session, std::string_view argument);
net::Task<void> stat(Session& session, std::string_view argument);
void help_about(Session& session, std::span<const Row> rows, std::string_view title, std::string_view argument);
// --- cmd_site.cpp
net::Task<void> site(Session& session, std::string_view argument);
void site_help(Session& session, std::string_view argument);
net::Task<void> site_chmod(Session& session, std::string_view argument);
net::Task<void> site_chown(Session& session, std::string_view argument);
net::Task<void> site_symlink(Session& session, std::string_view argument);
net::Task<void> site_mkdir(Session& session, std::string_view argument);
net::Task<void> site_utime(Session& session, std::string_view argument);
net::Task<void> site_quota(Session& session, std::string_view argument);
net::Task<void> site_usage(Session& session, std::string_view argument);
void site_zone(Session& session, std::string_view argument);
// --- cmd_copy.cpp
net::Task<void> site_cpfr(Session& session, std::string_view argument);
net::Task<void> site_cpto(Session& session, std::string_view argument);
net::Task<void> site_copy(Session& session, std::string_view argument);

}  // namespace wherry::ftp
