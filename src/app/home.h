#pragma once
// Paths as the user of this process means them.
#include <string>

namespace wherry::app {

std::string home_folder();  // HOME, else what the system says; "/" if it says nothing
// "~" and "~/x" with the home in place of the tilde; all else as it is.
std::string with_home(const std::string& path);
// From the root on, without "." and "..", and without a slash at its end.
std::string absolute(const std::string& path);

}  // namespace wherry::app
