#include "app/certificate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

#include "net/self_signed.h"

namespace wherry::app {
namespace {

constexpr const char* file_name = "self-signed.pem";

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

Result<std::string> state_folder() {
    const std::string given = variable("STATE_DIRECTORY");  // systemd.exec(5): may be several, with colons between
    if (!given.empty()) return given.substr(0, given.find(':'));
    const std::string state = variable("XDG_STATE_HOME");
    if (state.starts_with('/')) return state + "/wherry";
    const std::string home = variable("HOME");
    if (home.starts_with('/')) return home + "/.local/state/wherry";
    return fail(Code::not_found, "no place to keep a certificate: neither STATE_DIRECTORY nor HOME is set");
}

Result<void> make_folder(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
    if (!error && (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST)) return {};
    return fail_errno(error ? error.value() : errno, "making", folder);
}

std::vector<std::string> own_names() {
    std::array<char, 256> host{};
    std::vector<std::string> names;
    if (gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
        const std::string name = host.data();
        const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
                           std::string::npos;
        if (plain && name != "localhost") names.push_back(name);
    }
    names.insert(names.end(), {"localhost", "127.0.0.1", "::1"});
    return names;
}

// Complete or not at all, and never over a file that is there: two programs may start at the same time.
Result<void> store(const std::string& file, std::string_view content) {
    const std::string fresh = fmt::format("{}.{}", file, getpid());
    const int descriptor = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return fail_errno(errno, "making", fresh);
    const auto written = write(descriptor, content.data(), content.size());
    bool good = written == static_cast<ssize_t>(content.size()) && fsync(descriptor) == 0;
    int number = good ? 0 : errno;
    close(descriptor);
    if (good && link(fresh.c_str(), file.c_str()) != 0 && errno != EEXIST) {
        good = false;
        number = errno;
    }
    unlink(fresh.c_str());
    if (!good) return fail_errno(number, "writing", file);
    return {};
}

}  // namespace

Result<bool> provide_certificate(Config& config) {
    if (!config.tls.certificate.empty() || !wants_tls(config)) return false;
    const auto folder = state_folder();
    if (!folder) return std::unexpected(folder.error());
    const std::string file = *folder + "/" + file_name;
    if (access(file.c_str(), F_OK) != 0) {
        if (auto made = make_folder(*folder); !made) return std::unexpected(std::move(made.error()));
        const auto content = net::make_self_signed(own_names());
        if (!content) return std::unexpected(content.error());
        if (auto stored = store(file, *content); !stored) return std::unexpected(std::move(stored.error()));
    }
    config.tls.certificate = file;
    return true;
}

}  // namespace wherry::app
