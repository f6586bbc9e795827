#include "app/i2ftp_dial.h"

#include "core/clock.h"
#include "net/scope.h"
#include "net/tcp.h"
#include "observe/metrics.h"

namespace wherry::app {
namespace {

constexpr std::size_t disk_threads = 4;

net::Task<void> run_in(net::Loop& loop, i2ftp::Client& client, const I2ftpWork& work, Result<void>& result) {
    try {
        result = co_await client.connect();
        if (result) result = co_await work(client);
    } catch (const std::exception& thrown) {
        result = fail(Code::internal, thrown.what());
    }
    co_await client.close();
    loop.stop();
}

}  // namespace

Result<void> with_i2ftp_client(const net::Address& server, const SharedKey& key, const i2ftp::ConnectOptions& options,
                               const I2ftpWork& work) {
    const SteadyClock clock;
    Metrics metrics;
    net::Loop loop(clock);
    net::Lane disk("disk", disk_threads, metrics);
    const auto network = net::tcp_network();
    i2ftp::Client client(*network, loop, disk, server, key, options);
    Result<void> result;
    net::Scope scope(loop);
    scope.start(run_in(loop, client, work, result));
    if (!scope.empty()) loop.run();
    return result;
}

}  // namespace wherry::app
