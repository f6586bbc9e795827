#pragma once
// All of Wherry's public headers. They need the standard library alone.
#include "wherry/events.h"
#include "wherry/filesystem.h"
#include "wherry/ftp.h"
#include "wherry/ftp_command.h"
#include "wherry/i2ftp.h"
#include "wherry/log.h"
#include "wherry/path.h"
#include "wherry/result.h"
#include "wherry/server.h"
#include "wherry/tftp.h"
#include "wherry/tls.h"
#include "wherry/user.h"
