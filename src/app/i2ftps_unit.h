#pragma once
// The systemd unit of a server that runs by a configuration of i2ftps.
#include <string>

#include "wherry/result.h"

namespace wherry::app {

inline constexpr const char* usual_unit_folder = "/etc/systemd/system";

// The text of a unit that runs this program, under the account of this process, with that configuration.
std::string i2ftps_unit(const std::string& config_file);
// Writes it to the folder as i2ftps.service, or i2ftps2, i2ftps3 and so on where that is there; the file's name.
Result<std::string> store_i2ftps_unit(const std::string& text, const std::string& folder);
// Lets systemd know of it and start it with the machine; false: it could not be told.
bool enable_unit(const std::string& file);

}  // namespace wherry::app
