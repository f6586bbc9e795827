#include "ftp/command_docs.h"

#include <fmt/format.h>

#include <algorithm>

#include "ftp/commands.h"
#include "ftp/settings.h"

namespace wherry::ftp {
namespace {

constexpr std::string_view preface = R"(# Commands

Made from the tables that the server itself reads; do not edit, but run `wherry check-config --commands`.

A command is refused with 530 before the login, unless it says that it needs none. Those that "run beside" take their time
while the session goes on reading: ABOR ends them, STAT tells how far they are, and NOOP and QUIT are answered; all other
commands wait, so that replies keep the order of the commands. Where a key of [config.md](config.md) is named, the command
is there only if that key says so. Every command but USER, PASS and QUIT can be disabled by `ftp.disabled_commands`. What
RFCs and drafts name besides is answered 502, what nobody knows 500.
)";

struct Described {
    std::string_view name;
    std::string_view sentence;
};

constexpr Described sentences[] = {
    {"USER", "Says who is there; ends a session of another user (RFC 959)."},
    {"PASS", "The password (RFC 959)."},
    {"ACCT", "Answered 202: there are no accounts besides users (RFC 959)."},
    {"REIN", "Logs out and forgets all parameters (RFC 959)."},
    {"QUIT", "Ends the session, after the transfer that is under way (RFC 959)."},
    {"CLNT", "The name of the client, for operators to see."},
    {"CSID", "The same with facts of both sides (draft-peterson-streamlined-ftp)."},
    {"HOST", "Which of the server's names the client wants (RFC 7151)."},
    {"LANG", "The language of replies, which is English (RFC 2640)."},
    {"TYPE", "Text with CRLF line ends (A) or bytes as they are (I, L 8) (RFC 959)."},
    {"MODE", "Stream; or deflate, compressed in the format of zlib (RFC 959, draft-preston-ftpext-deflate)."},
    {"STRU", "File; there is no other structure (RFC 959, RFC 1123)."},
    {"OPTS", "`OPTS MLST type;size;`, `OPTS UTF8 ON`, `OPTS HASH SHA-1`, `OPTS MODE Z LEVEL 9` (RFC 2389)."},
    {"REST", "Where in the file the next transfer begins (RFC 3659)."},
    {"RANG",
     "A part of the file, both ends included, for the next RETR or HASH; `RANG 1 0` takes it back "
     "(draft-bryan-ftp-range)."},
    {"ALLO", "Whether there is room for so many bytes: free space and quota (RFC 959)."},
    {"AVBL", "How many bytes an upload may have there (draft-peterson-streamlined-ftp)."},
    {"PASV", "Opens a port for a data connection over IPv4 (RFC 959)."},
    {"P@SW", "PASV, as some old clients spell it."},
    {"EPSV", "Opens a port for a data connection (RFC 2428)."},
    {"PORT", "Where to connect to over IPv4 (RFC 959)."},
    {"EPRT", "Where to connect to (RFC 2428)."},
    {"PRET", "What the next PASV is for; refused where that command would be."},
    {"RETR", "Sends a file (RFC 959)."},
    {"STOR", "Receives a file (RFC 959)."},
    {"STOU",
     "Receives a file under a new name, which 150 tells as `FILE: name`; it goes again if nothing comes (RFC 959, "
     "RFC 1123)."},
    {"APPE", "Receives what comes at the end of a file (RFC 959)."},
    {"LIST", "Lists a directory as `ls -l` does (RFC 959)."},
    {"NLST", "Lists names (RFC 959, RFC 1123)."},
    {"MLSD", "Lists a directory for programs (RFC 3659)."},
    {"ABOR", "Ends what runs beside: 426 for that, and 226; 225 if nothing runs (RFC 959)."},
    {"MLST", "What a single object is, for programs (RFC 3659)."},
    {"SIZE", "The size of a file, in TYPE I (RFC 3659)."},
    {"DSIZ", "The bytes of all files in a directory and below (draft-peterson-streamlined-ftp)."},
    {"MDTM", "When a file was changed, UTC (RFC 3659); or, the form of old clients, sets it."},
    {"STAT", "The state of the session; of a path, its listing over the control connection (RFC 959)."},
    {"HASH",
     "A checksum: `213 SHA-256 0-1024 checksum path`, the second number behind the last byte; of a part after "
     "RANG (draft-bryan-ftpext-hash)."},
    {"XCRC", "CRC-32 of a file or of a part of it, from the byte `from` to before the byte `to`."},
    {"MD5", "MD5: `251 path checksum` (draft-twine-ftpmd5)."},
    {"MMD5", "MD5 of several files: `252 path checksum, path checksum` (draft-twine-ftpmd5)."},
    {"XMD5", "As XCRC, MD5."},
    {"XSHA", "As XCRC, SHA-1."},
    {"XSHA1", "As XCRC, SHA-1."},
    {"XSHA256", "As XCRC, SHA-256."},
    {"XSHA512", "As XCRC, SHA-512."},
    {"PWD", "The current directory (RFC 959)."},
    {"XPWD", "PWD (RFC 775)."},
    {"CWD", "Changes it; without a path to the root (RFC 959)."},
    {"XCWD", "CWD (RFC 775)."},
    {"CDUP", "Changes to the directory above; at the root one stays (RFC 959, RFC 3659)."},
    {"XCUP", "CDUP (RFC 775)."},
    {"MKD", "Makes a directory (RFC 959)."},
    {"XMKD", "MKD (RFC 775)."},
    {"RMD", "Removes an empty directory (RFC 959)."},
    {"XRMD", "RMD (RFC 775)."},
    {"RMDA", "Removes a directory with all that is in it; wants the permission D (draft-peterson-streamlined-ftp)."},
    {"DELE", "Removes a file (RFC 959)."},
    {"RNFR", "What is to be renamed (RFC 959)."},
    {"RNTO", "Renames it (RFC 959)."},
    {"COMB", "Appends the parts to the target, which is made if need be, and removes them: all of it or nothing."},
    {"MFMT", "Sets when a file was changed, UTC (draft-somers-ftp-mfxx)."},
    {"MFCT", "Sets when a file was made, UTC, where its filesystem can; else 504 (draft-somers-ftp-mfxx)."},
    {"MFF", "Sets several facts, all of them or none (draft-somers-ftp-mfxx)."},
    {"NOOP", "Answers 200 (RFC 959)."},
    {"SYST", "`UNIX Type: L8`, by which clients choose how they read LIST (RFC 959)."},
    {"FEAT", "What this server has beyond RFC 959 (RFC 2389)."},
    {"HELP", "The commands, or how one is written (RFC 959)."},
    {"SITE", "The commands of the second table (RFC 959)."},
    {"AUTH", "Begins TLS on the control connection (RFC 4217)."},
    {"PBSZ", "Answers 0: TLS needs no buffer size (RFC 4217)."},
    {"PROT", "Whether data connections are encrypted (RFC 4217)."},
    {"CCC", "Ends TLS on the control connection (RFC 4217)."},
    {"SITE CHMOD", "Changes the mode of a file; only the bits 0777."},
    {"SITE CHOWN", "Changes the owner, by number, as far as the system lets the server; wants the permission O."},
    {"SITE COPY", "Copies a file on the server; the copy is complete or not there."},
    {"SITE CPFR", "What is to be copied."},
    {"SITE CPTO", "Copies it."},
    {"SITE HELP", "The commands behind SITE, or how one is written."},
    {"SITE MKDIR", "Makes a directory and those above it; it may be there already."},
    {"SITE QUOTA", "What the user's files take up of what they may."},
    {"SITE RMDIR", "RMDA."},
    {"SITE SYMLINK",
     "Makes a symbolic link, never out of what is served; wants the permission S, and no rules for single "
     "directories."},
    {"SITE USAGE", "Bytes and files in a directory and below."},
    {"SITE UTIME", "Sets when a file was changed, UTC; also in the older form `path atime mtime ctime UTC`."},
    {"SITE ZONE", "The time zone of LIST."},
};

// The switches of the tables, each turned from its default.
struct Switch {
    std::string_view key;
    void (*turn)(Settings& settings);
};
constexpr Switch switches[] = {
    {"ftp.hash", [](Settings& s) { s.hash = !s.hash; }},
    {"ftp.combine", [](Settings& s) { s.combine = !s.combine; }},
    {"ftp.site_chown", [](Settings& s) { s.site_chown = !s.site_chown; }},
    {"ftp.mode_z", [](Settings& s) { s.mode_z = !s.mode_z; }},
    {"ftp.hosts", [](Settings& s) { s.hosts.push_back({"host", {}}); }},
    {"ftp.mdtm_sets", [](Settings& s) { s.mdtm_sets = !s.mdtm_sets; }},
};

std::string condition(const Row& row) {
    if (row.when == nullptr) return {};
    const Settings usual;
    for (const Switch& each : switches) {
        Settings turned;
        each.turn(turned);
        if (row.when(turned) != row.when(usual))
            return fmt::format("{}`{}`", row.when(usual) ? "without " : "", each.key);
    }
    return {};
}

std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

void add_table(std::string& out, std::span<const Row> rows, std::string_view prefix) {
    out += "\n| Syntax | | Needs | In FEAT | Key |\n|---|---|---|---|---|\n";
    for (const Row& row : rows) {
        std::string needs = row.has(login) ? "" : "no login; ";
        if (row.has(channel)) needs += "data connection; ";
        if (row.has(transfer)) needs += "runs beside; ";
        if (row.has(anytime)) needs += "answered at any time; ";
        if (!needs.empty()) needs.resize(needs.size() - 2);
        const std::string name = std::string(prefix).append(row.verb);
        out += fmt::format("| `{}` | {} | {} | {} | {} |\n", cell(row.help), cell(command_sentence(name)), needs,
                           row.feature.empty() ? "" : fmt::format("`{}`", row.feature), condition(row));
    }
}

}  // namespace

std::string_view command_sentence(std::string_view name) {
    const auto found = std::ranges::find(sentences, name, &Described::name);
    return found == std::end(sentences) ? std::string_view() : found->sentence;
}

std::string commands_markdown() {
    std::string out(preface);
    add_table(out, commands(), {});
    out += "\n## SITE\n";
    add_table(out, site_commands(), "SITE ");
    return out;
}

}  // namespace wherry::ftp
