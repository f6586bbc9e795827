#include "ftp/commands.h"

#include <algorithm>
#include <array>

namespace wherry::ftp {
namespace {

// The protocol on one page. FEAT and HELP are made from it: a row taken out takes all its traces along.
constexpr Row table[] = {
    // access control
    {"USER", argument, "USER <name>", user},
    {"PASS", secret, "PASS [<password>]", pass},
    {"REIN", nothing, "REIN (log out, start again)", rein},
    {"QUIT", anytime, "QUIT", quit},
    // protection
    {"AUTH", secured | argument, "AUTH TLS", auth, "AUTH TLS"},
    {"PBSZ", secured | argument, "PBSZ 0", pbsz, "PBSZ"},
    {"PROT", secured | argument, "PROT C|P", prot, "PROT"},
    {"CCC", secured | login, "CCC (control connection in clear again)", ccc},
    // parameters
    {"TYPE", login | argument, "TYPE A|I|L 8", type},
    {"MODE", login | argument, "MODE S", mode},
    {"STRU", login | argument, "STRU F", stru},
    {"OPTS", argument, "OPTS MLST [<fact>;...] | OPTS UTF8 ON", opts, "UTF8"},
    {"REST", login | argument, "REST <offset>", rest, "REST STREAM"},
    {"ALLO", login | argument, "ALLO <bytes>", allo},
    // data connection
    {"PASV", login, "PASV", pasv},
    {"EPSV", login, "EPSV [1|2|ALL]", epsv, "EPSV"},
    {"PORT", login | argument, "PORT <h1,h2,h3,h4,p1,p2>", port},
    {"EPRT", login | argument, "EPRT <|protocol|address|port|>", eprt, "EPRT"},
    // transfers
    {"RETR", login | argument | channel | transfer, "RETR <path>", retr},
    {"STOR", login | argument | channel | transfer, "STOR <path>", stor},
    {"APPE", login | argument | channel | transfer, "APPE <path>", appe},
    {"LIST", login | channel | transfer, "LIST [-adFnrtS] [<path>]", list},
    {"NLST", login | channel | transfer, "NLST [<path>]", nlst},
    {"MLSD", login | channel | transfer, "MLSD [<path>]", mlsd},
    {"ABOR", anytime, "ABOR", abor},
    // looking
    {"MLST", login, "MLST [<path>]", mlst, "MLST"},
    {"SIZE", login | argument, "SIZE <path>", size, "SIZE"},
    {"MDTM", login | argument, "MDTM <path>", mdtm, "MDTM"},
    {"STAT", anytime, "STAT [<path>]", stat},
    // directories
    {"PWD", login, "PWD", pwd, "TVFS"},
    {"XPWD", login, "XPWD", pwd},
    {"CWD", login, "CWD [<path>]", cwd},
    {"XCWD", login, "XCWD [<path>]", cwd},
    {"CDUP", login, "CDUP", cdup},
    {"XCUP", login, "XCUP", cdup},
    {"MKD", login | argument, "MKD <path>", mkd},
    {"XMKD", login | argument, "XMKD <path>", mkd},
    {"RMD", login | argument, "RMD <path>", rmd},
    {"XRMD", login | argument, "XRMD <path>", rmd},
    // files
    {"DELE", login | argument, "DELE <path>", dele},
    {"RNFR", login | argument, "RNFR <path>", rnfr},
    {"RNTO", login | argument, "RNTO <path>", rnto},
    {"MFMT", login | argument, "MFMT <YYYYMMDDHHMMSS> <path>", mfmt, "MFMT"},
    // the server
    {"NOOP", anytime, "NOOP", noop},
    {"SYST", nothing, "SYST", syst},
    {"FEAT", nothing, "FEAT", feat},
    {"HELP", nothing, "HELP [<command>]", help},
    {"SITE", argument, "SITE <command>", site},
};

constexpr Row site_table[] = {
    {"CHMOD", login | argument, "SITE CHMOD <mode> <path>", site_chmod},
    {"HELP", nothing, "SITE HELP [<command>]", site_help},
};

constexpr std::array known_elsewhere = {
    std::string_view("ACCT"), std::string_view("ADAT"), std::string_view("AVBL"), std::string_view("CLNT"),
    std::string_view("COMB"), std::string_view("CONF"), std::string_view("CSID"), std::string_view("DSIZ"),
    std::string_view("ENC"),  std::string_view("HASH"), std::string_view("HOST"), std::string_view("LANG"),
    std::string_view("LPRT"), std::string_view("LPSV"), std::string_view("MFCT"), std::string_view("MFF"),
    std::string_view("MIC"),  std::string_view("RANG"), std::string_view("RMDA"), std::string_view("SMNT"),
    std::string_view("SPSV"), std::string_view("STOU"), std::string_view("THMB"), std::string_view("XCRC"),
    std::string_view("XMD5"), std::string_view("XRCP"), std::string_view("XRSQ"), std::string_view("XSEM"),
    std::string_view("XSEN"), std::string_view("XSHA"),
};

}  // namespace

std::span<const Row> commands() { return table; }
std::span<const Row> site_commands() { return site_table; }

const Row* find(std::span<const Row> rows, std::string_view verb) {
    const auto row = std::ranges::find(rows, verb, &Row::verb);
    return row == rows.end() ? nullptr : &*row;
}

bool is_known_elsewhere(std::string_view verb) {
    return std::ranges::find(known_elsewhere, verb) != known_elsewhere.end();
}

}  // namespace wherry::ftp
