#include "app/i2ftps_unit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "net/network.h"

namespace wherry::app {
namespace {

constexpr int most_units = 1000;

// A word of a command line in a unit (systemd.syntax(7), systemd.service(5)).
std::string quoted(const std::string& word) {
    std::string out = "\"";
    for (const char byte : word) {
        if (byte == '"' || byte == '\\') out += '\\';
        if (byte == '%' || byte == '$') out += byte;
        out += byte;
    }
    return out += '"';
}

std::string own_program() {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "/usr/bin/wherry" : program.string();
}

bool run(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t process = 0;
    if (posix_spawnp(&process, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) return false;
    int status = 0;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::string i2ftps_unit(const std::string& config_file) {
    const passwd* const account = getpwuid(geteuid());
    const std::string user = account != nullptr ? account->pw_name : std::to_string(geteuid());
    const group* const main_group = getgrgid(getegid());
    const std::string group = main_group != nullptr ? main_group->gr_name : std::to_string(getegid());
    const std::string command = fmt::format("{} i2ftps -c {}", quoted(own_program()), quoted(config_file));
    return fmt::format(R"([Unit]
Description=I2FTP server
After=network.target

[Service]
Type=simple
User={}
Group={}
ExecStart={} start
ExecStop={} stop
Restart=on-failure
RestartSec=20
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
)",
                       user, group, command, command);
}

Result<std::string> store_i2ftps_unit(const std::string& text, const std::string& folder) {
    for (int number = 1; number <= most_units; ++number) {
        std::string file = fmt::format("{}/i2ftps{}.service", folder, number == 1 ? "" : std::to_string(number));
        const net::Socket opened(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!opened && errno == EEXIST) continue;
        if (!opened) return fail_errno(errno, "making", file);
        if (write(opened.descriptor(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) return file;
        const int error = errno;
        unlink(file.c_str());
        return fail_errno(error, "writing", file);
    }
    return fail(Code::exists, fmt::format("{} has {} units of i2ftps already", folder, most_units));
}

bool enable_unit(const std::string& file) {
    const std::string name = std::filesystem::path(file).filename().string();
    return run({"systemctl", "daemon-reload"}) && run({"systemctl", "enable", name});
}

}  // namespace wherry::app
