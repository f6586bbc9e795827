#pragma once
// A key and whose it is: how users of I2FTP are told apart.
#include "wherry/i2ftp.h"
#include "wherry/user.h"

namespace wherry {

struct KeyOfUser {
    SharedKey key;
    UserPtr user;
};

}  // namespace wherry
