// Many connections of I2FTP at once, over real sockets on the loopback: every one uploads and downloads, and every MD5
// is right.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/clock.h"
#include "i2ftp/client.h"
#include "net/scope.h"
#include "net/tcp.h"
#include "service/service.h"
#include "support/i2ftp_vectors.h"
#include "support/temp_folder.h"

namespace wherry::i2ftp {
namespace {

constexpr std::size_t connections = 200;
constexpr std::size_t disk_threads = 2;
constexpr std::chrono::seconds patience{240};

// Sizes around the pieces of the protocol for some, small ones for most.
std::size_t size_of(std::size_t number) { return number % 20 == 0 ? piece + number : 1000 * (number % 37) + number; }

struct Storm {
    std::string folder;
    std::vector<std::string> failures;
    std::size_t left = connections;
};

std::string file_of(const Storm& storm, const char* kind, std::size_t number) {
    return storm.folder + "/" + kind + std::to_string(number);
}

std::string content_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

net::Task<Result<void>> move_both_ways(Storm& storm, Client& client, std::size_t number) {
    if (auto connected = co_await client.connect(); !connected) co_return connected;
    const std::string name = "dir/" + std::to_string(number);
    const auto put = co_await client.upload(file_of(storm, "out", number), name, {});
    if (!put) co_return std::unexpected(put.error());
    const auto got = co_await client.download(name, file_of(storm, "back", number), {});
    if (!got) co_return std::unexpected(got.error());
    const auto listed = co_await client.stat(name);
    if (!listed) co_return std::unexpected(listed.error());
    const std::string right = hex(md5(text(pattern(size_of(number), static_cast<unsigned>(number)))));
    if (put->md5 != right || got->md5 != right) co_return fail(Code::invalid, "a wrong MD5");
    if (listed->size != size_of(number)) co_return fail(Code::invalid, "a wrong size");
    co_return Result<void>();
}

net::Task<void> one(Storm& storm, net::Loop& loop, Client& client, std::size_t number) {
    const auto done = co_await move_both_ways(storm, client, number);
    if (!done) storm.failures.push_back(std::to_string(number) + ": " + done.error().message);
    co_await client.close();
    if (--storm.left == 0) loop.stop();
}

void allow_descriptors() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

class I2ftpStorm : public ::testing::TestWithParam<bool> {};

TEST_P(I2ftpStorm, EveryConnectionMovesItsFilesBothWays) {
    allow_descriptors();
    const testing::TempFolder folder;
    const SharedKey key("the key of the storm");
    User user;
    user.name = "storm";
    user.permissions = perm::all;
    user.filesystem = posix_filesystem(folder.make_directory("served"), {}).value();
    Config config;
    config.ftp.listen.clear();
    config.i2ftp.listen = {net::Address::loopback(0)};
    config.i2ftp.settings.secured = GetParam();
    config.i2ftp.settings.rsa_bits = 1024;
    // All begin at once: on a slow machine the last one waits long for its turn.
    config.i2ftp.settings.handshake_timeout = config.i2ftp.settings.idle_timeout = patience;
    config.i2ftp.settings.stall_timeout = config.i2ftp.settings.handle_timeout = patience;
    config.limits.sessions = config.limits.sessions_per_address = config.limits.transfers = 0;
    config.log.level = LogLevel::off;
    config.runtime.loops = 2;
    ServiceParts parts;
    parts.i2ftp.push_back({key, std::make_shared<const User>(user)});
    const auto service = Service::create(std::move(config), std::move(parts)).value();
    ASSERT_TRUE(service->listen());
    service->start();

    Storm storm{.folder = folder.make_directory("here"), .failures = {}};
    for (std::size_t number = 0; number < connections; ++number) {
        const Bytes content = pattern(size_of(number), static_cast<unsigned>(number));
        std::ofstream(file_of(storm, "out", number), std::ios::binary) << text(content);
    }
    {
        const SteadyClock clock;
        Metrics metrics;
        net::Loop loop(clock);
        net::Lane disk("disk", disk_threads, metrics);
        const auto network = net::tcp_network();
        std::vector<std::unique_ptr<Client>> clients;
        for (std::size_t number = 0; number < connections; ++number) {
            clients.push_back(std::make_unique<Client>(*network, loop, disk, service->i2ftp_addresses().front(), key,
                                                       ConnectOptions{.timeout = patience}));
        }
        net::Scope scope(loop);
        for (std::size_t number = 0; number < connections; ++number) {
            scope.start(one(storm, loop, *clients[number], number));
        }
        loop.run();
    }
    EXPECT_EQ(storm.failures, std::vector<std::string>());
    for (std::size_t number = 0; number < connections; ++number) {
        ASSERT_EQ(content_of(file_of(storm, "back", number)), content_of(file_of(storm, "out", number))) << number;
    }
    service->stop();
    EXPECT_EQ(service->metrics().value(Metric::sessions), 0);
    EXPECT_EQ(service->metrics().value(Metric::transfers), 0);
    EXPECT_EQ(service->metrics().value(Metric::login_failures_total), 0);
}

INSTANTIATE_TEST_SUITE_P(PlainAndSecured, I2ftpStorm, ::testing::Bool());

}  // namespace
}  // namespace wherry::i2ftp
