#include "app/i2ftps_stop.h"

#include <dirent.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "app/i2ftp_dial.h"
#include "core/text.h"

namespace wherry::app {
namespace {

constexpr std::chrono::seconds answer_within{5};
constexpr int end_within_ms = 20'000;

// Of sockets that listen on that TCP port, whatever the address (proc(5), /proc/net/tcp): local address, remote address
// and state in hexadecimal digits, then further on the inode.
void add_listeners(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
    constexpr std::string_view listening = "0A";
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
        std::array<std::string_view, 10> fields;
        std::size_t count = 0;
        for (const std::string_view field : split(line, ' ')) {
            if (!field.empty() && count < fields.size()) fields[count++] = field;
        }
        if (count == fields.size() && fields[1].ends_with(fmt::format(":{:04X}", port)) && fields[3] == listening) {
            inodes.emplace(fields[9]);
        }
    }
}

bool listens(int process, std::uint16_t port) {
    std::set<std::string> inodes;
    add_listeners("/proc/net/tcp", port, inodes);
    add_listeners("/proc/net/tcp6", port, inodes);
    const std::string folder = fmt::format("/proc/{}/fd", process);
    const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.c_str()), &closedir);
    if (!open) return false;
    while (const dirent* const entry = readdir(open.get())) {
        std::array<char, 64> target{};
        const ssize_t size = readlink((folder + '/' + entry->d_name).c_str(), target.data(), target.size());
        std::string_view name(target.data(), static_cast<std::size_t>(size > 0 ? size : 0));
        if (!name.starts_with("socket:[") || !name.ends_with(']')) continue;
        name.remove_prefix(8);
        name.remove_suffix(1);
        if (inodes.contains(std::string(name))) return true;
    }
    return false;
}

// By number: the header of glibc 2.36 declares them for C alone.
int open_process(int process) { return static_cast<int>(syscall(SYS_pidfd_open, process, 0)); }
bool interrupt(int held) { return syscall(SYS_pidfd_send_signal, held, SIGINT, nullptr, 0) == 0; }

net::Task<Result<void>> ask_process(i2ftp::Client& client, std::uint32_t& process) {
    const auto told = co_await client.process();
    if (!told) co_return std::unexpected(told.error());
    process = *told;
    co_return Result<void>();
}

}  // namespace

Result<int> stop_i2ftps(const i2ftp::LegacyConfig& config) {
    std::uint32_t told = 0;
    const auto server = net::Address::parse_ip("127.0.0.1", config.port).value();
    const auto asked = with_i2ftp_client(server, config.keychain, {.timeout = answer_within},
                                         [&](i2ftp::Client& client) { return ask_process(client, told); });
    if (!asked) return std::unexpected(asked.error());
    const int process = static_cast<int>(told);
    // Held before it is looked at: afterwards the number cannot become another process.
    const net::Socket held(process > 0 ? open_process(process) : -1);
    if (!held || !listens(process, config.port)) {
        return fail(Code::denied,
                    fmt::format("the server names {} as its process, which does not listen on port {} of this machine, "
                                "or is another account's; nothing was ended",
                                told, config.port));
    }
    if (!interrupt(held.descriptor())) {
        return fail_errno(errno, "interrupting process", std::to_string(process));
    }
    pollfd ended{held.descriptor(), POLLIN, 0};
    int ready = 0;
    do {
        ready = poll(&ended, 1, end_within_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0) return process;
    return fail(Code::timeout, fmt::format("process {} has not ended within 20 seconds", process));
}

}  // namespace wherry::app
