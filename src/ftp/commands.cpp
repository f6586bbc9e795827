#include "ftp/commands.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "ftp/hooks.h"
#include "ftp/settings.h"

namespace wherry::ftp {
namespace {

// What the settings say of a row.
bool hashing(const Settings& settings) { return settings.hash; }
bool combining(const Settings& settings) { return settings.combine; }
bool chown_allowed(const Settings& settings) { return settings.site_chown; }
bool has_hosts(const Settings& settings) { return !settings.hosts.empty(); }
bool deflates(const Settings& settings) { return settings.mode_z; }
bool no_deflate(const Settings& settings) { return !settings.mode_z; }
bool mdtm_reads(const Settings& settings) { return !settings.mdtm_sets; }
bool mdtm_sets(const Settings& settings) { return settings.mdtm_sets; }

// The protocol on one page. FEAT and HELP are made from it: a row taken out takes all its traces along.
constexpr Row table[] = {
    // access control
    {"USER", argument, "USER <name>", user},
    {"PASS", secret, "PASS [<password>]", pass},
    {"ACCT", login | argument | secret, "ACCT <account>", acct},
    {"REIN", alone, "REIN (log out, start again)", rein},
    {"QUIT", anytime | alone, "QUIT", quit},
    {"CLNT", argument, "CLNT <client>", clnt, "CLNT"},
    {"CSID", argument, "CSID Name=<client>;...", csid, "CSID"},
    {"HOST", argument, "HOST <name>", host, "HOST", has_hosts},
    {"LANG", nothing, "LANG [EN]", lang, "LANG EN*"},
    // protection
    {"AUTH", secured | argument, "AUTH TLS", auth, "AUTH TLS"},
    {"PBSZ", secured | argument, "PBSZ 0", pbsz, "PBSZ"},
    {"PROT", secured | argument, "PROT C|P", prot, "PROT"},
    {"CCC", secured | login | alone, "CCC (control connection in clear again)", ccc},
    // parameters
    {"TYPE", login | argument, "TYPE A|I|L 8", type},
    {"MODE", login | argument, "MODE S", mode, {}, no_deflate},
    {"MODE", login | argument, "MODE S|Z", mode, "MODE Z", deflates},
    {"STRU", login | argument, "STRU F", stru},
    {"OPTS", argument, "OPTS <command> [<options>]", opts, "UTF8"},
    {"REST", login | argument, "REST <offset>", rest, "REST STREAM"},
    {"RANG", login | argument, "RANG <first byte> <last byte>", rang, "RANG STREAM"},
    {"ALLO", login | argument, "ALLO <bytes>", allo},
    {"AVBL", login, "AVBL [<directory>]", avbl, "AVBL"},
    // data connection
    {"PASV", login | alone, "PASV", pasv},
    {"P@SW", login | alone, "P@SW", pasv},  // how some old clients spell it
    {"EPSV", login, "EPSV [1|2|ALL]", epsv, "EPSV"},
    {"PORT", login | argument, "PORT <h1,h2,h3,h4,p1,p2>", port},
    {"EPRT", login | argument, "EPRT <|protocol|address|port|>", eprt, "EPRT"},
    {"PRET", login | argument, "PRET <command> [<path>]", pret, "PRET"},
    // transfers
    {"RETR", login | argument | channel | transfer, "RETR <path>", retr},
    {"STOR", login | argument | channel | transfer, "STOR <path>", stor},
    {"STOU", login | channel | transfer, "STOU [<name>]", stou},
    {"APPE", login | argument | channel | transfer, "APPE <path>", appe},
    {"LIST", login | channel | transfer, "LIST [-adFnrtS] [<path>]", list},
    {"NLST", login | channel | transfer, "NLST [<path>]", nlst},
    {"MLSD", login | channel | transfer, "MLSD [<path>]", mlsd},
    {"ABOR", anytime | alone, "ABOR", abor},
    // looking
    {"MLST", login, "MLST [<path>]", mlst, "MLST"},
    {"SIZE", login | argument, "SIZE <path>", size, "SIZE"},
    {"DSIZ", login | transfer, "DSIZ [<directory>]", dsiz, "DSIZ"},
    {"MDTM", login | argument, "MDTM <path>", mdtm, "MDTM", mdtm_reads},
    {"MDTM", login | argument, "MDTM [<YYYYMMDDHHMMSS>] <path>", mdtm_or_set, "MDTM", mdtm_sets},
    {"STAT", anytime, "STAT [<path>]", stat},
    // checksums
    {"HASH", login | argument | transfer, "HASH <path>", hash, "HASH", hashing},
    {"XCRC", login | argument | transfer, "XCRC <path> [<from> [<to>]]", xcrc, "XCRC", hashing},
    {"MD5", login | argument | transfer, "MD5 <path>", md5, "MD5", hashing},
    {"MMD5", login | argument | transfer, "MMD5 <path>, <path>, ...", mmd5, "MMD5", hashing},
    {"XMD5", login | argument | transfer, "XMD5 <path> [<from> [<to>]]", xmd5, "XMD5", hashing},
    {"XSHA", login | argument | transfer, "XSHA <path> [<from> [<to>]]", xsha1, "XSHA", hashing},
    {"XSHA1", login | argument | transfer, "XSHA1 <path> [<from> [<to>]]", xsha1, "XSHA1", hashing},
    {"XSHA256", login | argument | transfer, "XSHA256 <path> [<from> [<to>]]", xsha256, "XSHA256", hashing},
    {"XSHA512", login | argument | transfer, "XSHA512 <path> [<from> [<to>]]", xsha512, "XSHA512", hashing},
    // directories
    {"PWD", login | alone, "PWD", pwd, "TVFS"},
    {"XPWD", login | alone, "XPWD", pwd},
    {"CWD", login, "CWD [<path>]", cwd},
    {"XCWD", login, "XCWD [<path>]", cwd},
    {"CDUP", login | alone, "CDUP", cdup},
    {"XCUP", login | alone, "XCUP", cdup},
    {"MKD", login | argument, "MKD <path>", mkd},
    {"XMKD", login | argument, "XMKD <path>", mkd},
    {"RMD", login | argument, "RMD <path>", rmd},
    {"XRMD", login | argument, "XRMD <path>", rmd},
    {"RMDA", login | argument | transfer, "RMDA <directory> (with all that is in it)", rmda, "RMDA"},
    // files
    {"DELE", login | argument, "DELE <path>", dele},
    {"RNFR", login | argument, "RNFR <path>", rnfr},
    {"RNTO", login | argument, "RNTO <path>", rnto},
    {"COMB", login | argument | transfer, "COMB <target> <part> [<part> ...]", comb, "COMB", combining},
    {"MFMT", login | argument, "MFMT <YYYYMMDDHHMMSS> <path>", mfmt, "MFMT"},
    {"MFCT", login | argument, "MFCT <YYYYMMDDHHMMSS> <path>", mfct},
    {"MFF", login | argument, "MFF [modify=<YYYYMMDDHHMMSS>;][unix.mode=<mode>;] <path>", mff, "MFF modify;unix.mode;"},
    // the server
    {"NOOP", anytime | alone, "NOOP", noop},
    {"SYST", alone, "SYST", syst},
    {"FEAT", alone, "FEAT", feat},
    {"HELP", nothing, "HELP [<command>]", help},
    {"SITE", argument, "SITE <command>", site},
};

constexpr Row site_table[] = {
    {"CHMOD", login | argument, "SITE CHMOD <mode> <path>", site_chmod},
    {"CHOWN", login | argument, "SITE CHOWN <uid>[:<gid>] <path>", site_chown, "SITE CHOWN", chown_allowed},
    {"COPY", login | argument | transfer, "SITE COPY <from> <to>", site_copy, "SITE COPY"},
    {"CPFR", login | argument, "SITE CPFR <path>", site_cpfr},
    {"CPTO", login | argument | transfer, "SITE CPTO <path>", site_cpto},
    {"HELP", nothing, "SITE HELP [<command>]", site_help},
    {"MKDIR", login | argument, "SITE MKDIR <path> (with its parents)", site_mkdir, "SITE MKDIR"},
    {"QUOTA", login | transfer | alone, "SITE QUOTA", site_quota},
    {"RMDIR", login | argument | transfer, "SITE RMDIR <directory> (with all that is in it)", rmda, "SITE RMDIR"},
    {"SYMLINK", login | argument, "SITE SYMLINK <target> <link>", site_symlink, "SITE SYMLINK"},
    {"USAGE", login | transfer, "SITE USAGE [<directory>]", site_usage},
    {"UTIME", login | argument, "SITE UTIME <YYYYMMDDhhmm[ss]> <path>", site_utime, "SITE UTIME"},
    {"ZONE", alone, "SITE ZONE", site_zone},
};

// RFC 959, 765, 737, 743, 1639, 2228, 2640, 7151 and what other servers have. Those that the tables hold as well come
// into it by the settings.
constexpr std::string_view elsewhere[] = {
    "ADAT", "CONF", "CPSV", "ENC",  "ESTA", "ESTP", "LPRT", "LPSV", "MIC",  "MLFL", "MRCP", "MRSQ", "MSAM",
    "MSND", "MSOM", "SMNT", "SPSV", "SSCN", "THMB", "XCPF", "XDSS", "XMAS", "XRCP", "XRSQ", "XSEM", "XSEN",
};
constexpr std::string_view always_needed[] = {"USER", "PASS", "QUIT"};

constexpr std::string_view site_prefix = "SITE ";

std::vector<Row> rows_left(const Settings& settings, std::span<const Row> rows, std::string_view prefix) {
    const auto disables = [&](const Row& row, std::string_view name) {
        if (name.starts_with(prefix) && name.substr(prefix.size()) == row.verb) return true;
        const bool is_site = name.starts_with(site_prefix);
        const auto others = is_site ? std::span<const Row>(site_table) : std::span<const Row>(table);
        return std::ranges::any_of(others, [&](const Row& other) {
            return other.verb == name.substr(is_site ? site_prefix.size() : 0) && other.runs_same(row);
        });
    };
    std::vector<Row> left;
    for (const Row& row : rows) {
        if (row.when != nullptr && !row.when(settings)) continue;
        const auto& off = settings.disabled_commands;
        if (std::ranges::none_of(off, [&](const std::string& name) { return disables(row, name); }))
            left.push_back(row);
    }
    return left;
}

}  // namespace

std::span<const Row> commands() { return table; }
std::span<const Row> site_commands() { return site_table; }

const Row* find(std::span<const Row> rows, std::string_view verb) {
    const auto row = std::ranges::find(rows, verb, &Row::verb);
    return row == rows.end() ? nullptr : &*row;
}

bool is_known_elsewhere(std::string_view verb) {
    return find(table, verb) != nullptr || std::ranges::find(elsewhere, verb) != std::end(elsewhere);
}

bool can_be_disabled(std::string_view name) {
    if (std::ranges::find(always_needed, name) != std::end(always_needed)) return false;
    if (name.starts_with(site_prefix)) return find(site_table, name.substr(site_prefix.size())) != nullptr;
    return find(table, name) != nullptr;
}

CommandTable::CommandTable(const Settings& settings, std::span<const OwnCommand> own)
    : commands_(rows_left(settings, table, {})), site_(rows_left(settings, site_table, site_prefix)) {
    for (const OwnCommand& command : own) add(command);
    if (find(commands_, "SITE") == nullptr) site_.clear();
}

}  // namespace wherry::ftp
