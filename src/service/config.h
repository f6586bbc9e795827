#pragma once
// Config: all that an operator can set, with the defaults. A value; made by config_load.h from a file, by the program
// from its flags, and by Server from its setters. config_keys.h is the list of the names that a file uses.
#include <cstdint>
#include <string>
#include <vector>

#include "access/commons.h"
#include "access/limits.h"
#include "access/throttle.h"
#include "ftp/settings.h"
#include "net/address.h"
#include "net/runtime.h"
#include "observe/log.h"
#include "tftp/settings.h"
#include "wherry/filesystem.h"
#include "wherry/user.h"

namespace wherry {

struct FtpConfig {
    std::vector<net::Address> listen{net::Address::any(2121)};
    std::vector<int> descriptors;  // sockets that listen already, handed over to this process; never from a file
    ftp::Settings settings;
};

struct AnonymousConfig {
    std::string folder;  // empty: no anonymous login
    Perm permissions = perm::read;
};

struct SystemConfig {
    Perm permissions = perm::all;
    std::vector<std::string> allowed;
    std::vector<std::string> rejected;
    std::uint32_t lowest_uid = 1000;
    bool valid_shell = true;
    bool jail = true;
};

struct TftpConfig {
    std::vector<net::Address> listen;  // empty: no TFTP
    std::vector<std::string> roots;    // folders; empty: the anonymous one
    bool accept_full_path = true;      // names may have a root's own path in front
    std::string map_file;              // rules for names; empty: none
    tftp::Settings settings;
};

struct Config {
    std::string file;  // where it was read; empty: nowhere

    FtpConfig ftp;
    TftpConfig tftp;
    LimitOptions limits;
    RateOptions rates;
    UploadPolicy uploads;
    LoginPolicy login;
    BanOptions bans;
    NameRules names;

    bool users_inline = false;             // `file` has [users.NAME] tables
    std::vector<std::string> users_files;  // asked in this order, after the users of `file`
    bool system_users = false;             // accounts of this machine; asked after all files
    SystemConfig system;
    AnonymousConfig anonymous;
    PosixOptions filesystem;  // of the anonymous folder; each user of a file has such settings of their own

    LogOptions log;
    net::RuntimeOptions runtime;
    bool use_sendfile = true;
};

}  // namespace wherry
