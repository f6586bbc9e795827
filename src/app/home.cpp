#include "app/home.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace wherry::app {

std::string home_folder() {
    const char* const home = std::getenv("HOME");
    if (home != nullptr && *home == '/') return home;
    const passwd* const account = getpwuid(geteuid());
    return account != nullptr && account->pw_dir != nullptr && *account->pw_dir == '/' ? account->pw_dir : "/";
}

std::string with_home(const std::string& path) {
    const bool tilde = path == "~" || path.starts_with("~/");
    return tilde ? home_folder() + path.substr(1) : path;
}

std::string absolute(const std::string& path) {
    std::error_code ignored;
    const std::filesystem::path whole = std::filesystem::absolute(path, ignored).lexically_normal();
    std::string text = whole.empty() ? path : whole.string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
}

}  // namespace wherry::app
