#pragma once
// A client of I2FTP for the length of one command.
#include <functional>

#include "i2ftp/client.h"

namespace wherry::app {

// Returns a task of a named coroutine; it is not one itself.
using I2ftpWork = std::function<net::Task<Result<void>>(i2ftp::Client& client)>;

// Connects, does the work and disconnects, on a loop of its own; blocks until all that is done.
Result<void> with_i2ftp_client(const net::Address& server, const SharedKey& key, const i2ftp::ConnectOptions& options,
                               const I2ftpWork& work);

}  // namespace wherry::app
