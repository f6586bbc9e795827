#include "service/service.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "net/tcp.h"
#include "service/config_check.h"
#include "service/config_keys.h"
#include "service/sink_log.h"

namespace wherry {
namespace {

constexpr std::chrono::milliseconds attached_stop_turn{10};

// Threads made while this lives get no signals of the process: which of its threads takes them is for the program to
// say. SIGPIPE is among them, which sendfile(2) would otherwise raise for a client that has gone.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF})
            sigdelset(&all, fault);
        pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_;
};

Result<std::unique_ptr<Log>> make_log(const LogOptions& options,
                                      std::function<void(LogLevel, std::string_view)> function) {
    if (function) return std::make_unique<Log>(options.level, std::move(function));
    try {
        return std::make_unique<Log>(options);
    } catch (const std::runtime_error& thrown) {
        return fail(Code::io, fmt::format("{}; correct log.file, or the rights of its folder", thrown.what()));
    }
}

std::vector<AuthenticatorPtr> joined(std::vector<AuthenticatorPtr> first, const std::vector<AuthenticatorPtr>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::create(Config config, ServiceParts parts) {
    if (const auto errors = config_errors(config); !errors.empty()) return fail(Code::invalid, errors.front());
    auto log = make_log(config.log, std::move(parts.log));
    if (!log) return std::unexpected(std::move(log.error()));
    auto users = UserSources::load(config);
    if (!users) return std::unexpected(std::move(users.error()));
    auto anonymous = open_anonymous(config);
    if (!anonymous) return std::unexpected(std::move(anonymous.error()));
    // Not make_unique: the constructor is private.
    std::unique_ptr<Service> service(
        new Service(std::move(config), std::move(parts), std::move(*log), std::move(*users), std::move(*anonymous)));
    if (!service->ended_) return fail_errno(errno, "making", "an eventfd");
    return service;
}

Service::Service(Config config, ServiceParts parts, std::unique_ptr<Log> log, UserSources users, UserPtr anonymous)
    : config_(std::move(config)),
      log_(std::move(log)),
      events_(metrics_),
      guards_(std::move(parts.guards)),
      limits_(config_.limits),
      rates_(config_.rates),
      users_(std::move(users)),
      chain_(joined(std::move(parts.authenticators), users_.authenticators())),
      runtime_(config_.runtime, metrics_),
      network_(net::tcp_network()),
      commons_{runtime_,
               *log_,
               metrics_,
               events_,
               guards_,
               limits_,
               rates_,
               ledger_,
               sessions_,
               chain_,
               std::move(anonymous),
               config_.uploads,
               config_.login,
               config_.use_sendfile},
      ftp_(commons_, *network_, config_.ftp.settings, std::move(parts.ftp)),
      ended_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    events_.subscribe(log_sink(*log_, std::move(parts.log_prefix)));
    for (ServiceParts::Sink& sink : parts.sinks) events_.subscribe(std::move(sink.call), sink.mask);
    events_.on_error([log = log_.get()](std::string_view what) { log->error("an event sink has thrown: {}", what); });
}

Service::~Service() {
    stop();
    if (keeper_.joinable()) keeper_.join();
}

Result<void> Service::listen() {
    const auto keep = [&](Result<net::Address> address) -> Result<void> {
        if (!address) return std::unexpected(std::move(address.error()));
        addresses_.push_back(*address);
        return {};
    };
    for (const int descriptor : config_.ftp.descriptors) {
        auto socket = net::adopt_listening(descriptor);
        if (!socket) return std::unexpected(std::move(socket.error()));
        if (auto kept = keep(ftp_.listen(std::move(*socket))); !kept) return kept;
    }
    for (const net::Address& address : config_.ftp.listen) {
        if (auto kept = keep(ftp_.listen(address)); !kept) return kept;
    }
    return {};
}

void Service::start() {
    const SignalsBlocked blocked;
    {
        const std::lock_guard lock(mutex_);
        started_ = held_ = true;
    }
    // Held here, so that the keeper does not take a service that has not begun for one that has ended.
    commons_.outstanding.begin();
    events_.start();
    if (!config_.runtime.attached) runtime_.start();
    ftp_.start();
    keeper_ = std::thread([this] {
        commons_.outstanding.wait_for_none();
        eventfd_write(ended_.descriptor(), 1);
    });
    for (const net::Address& address : addresses_) log_->info("listening ftp {}", address.text());
    if (config_.runtime.attached) loop().turn(net::Duration::zero());
}

void Service::drain() {
    {
        const std::lock_guard lock(mutex_);
        if (!started_ || stopped_) return;
    }
    ftp_.drain();
    release();
}

void Service::stop() {
    const std::lock_guard stopping(stop_mutex_);
    {
        const std::lock_guard lock(mutex_);
        if (!started_ || stopped_) return;
        stopped_ = true;
    }
    ftp_.stop();
    release();
    if (config_.runtime.attached) {
        do {  // at least once: what was posted just now refers to what goes with us
            loop().turn(attached_stop_turn);
        } while (commons_.outstanding.count() != 0);
    }
    commons_.outstanding.wait_for_none();
    runtime_.stop();
    events_.drain();
}

void Service::release() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(held_, false)) commons_.outstanding.end();
}

std::vector<std::string> Service::refresh() {
    std::vector<std::string> mistakes;
    for (const Error& error : users_.reload()) mistakes.push_back(error.message);
    if (const auto opened = log_->reopen(); !opened) mistakes.push_back(opened.error().message);
    return mistakes;
}

Reloaded Service::reload(const Config& fresh) {
    Reloaded out;
    out.mistakes = refresh();
    const std::lock_guard lock(mutex_);
    for (const ConfigKey& key : config_keys()) {
        if (key.field.show(config_) == key.field.show(fresh)) continue;
        (key.change == ConfigKey::Change::live ? out.changed : out.restart).emplace_back(key.name);
    }
    limits_.set(fresh.limits);
    rates_.set(fresh.rates);
    log_->set_level(fresh.log.level);
    // What needs a new start stays as it is in here, so that the next reload still tells of it.
    config_.limits = fresh.limits;
    config_.rates = fresh.rates;
    config_.log.level = fresh.log.level;
    return out;
}

}  // namespace wherry
