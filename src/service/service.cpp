#include "service/service.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "net/tcp.h"
#include "net/udp.h"
#include "service/config_check.h"
#include "service/config_keys.h"
#include "service/i2ftp_users.h"
#include "service/sink_log.h"
#include "service/tftp_trees.h"

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

// That service writes lines of its own about these.
constexpr std::uint32_t told_by_tftp = EventBus::bit<event::TftpRequested>() | EventBus::bit<event::TftpRefused>() |
                                       EventBus::bit<event::TftpStarted>() | EventBus::bit<event::TftpDone>() |
                                       EventBus::bit<event::TftpUploaded>() | EventBus::bit<event::TftpProbed>() |
                                       EventBus::bit<event::TftpFailed>();

}  // namespace

Result<std::unique_ptr<Service>> Service::create(Config config, ServiceParts parts) {
    if (const auto errors = config_errors(config); !errors.empty()) return fail(Code::invalid, errors.front());
    if (const auto errors = hook_errors(config.tftp); !errors.empty()) return fail(Code::invalid, errors.front());
    auto log = make_log(config.log, std::move(parts.log));
    if (!log) return std::unexpected(std::move(log.error()));
    auto users = UserSources::load(config);
    if (!users) return std::unexpected(std::move(users.error()));
    auto anonymous = open_anonymous(config);
    if (!anonymous) return std::unexpected(std::move(anonymous.error()));
    net::TlsContextPtr tls;
    if (wants_tls(config) && !config.tls.certificate.empty()) {
        auto loaded = net::TlsContext::load(tls_options(config));
        if (!loaded) return std::unexpected(std::move(loaded.error()));
        tls = std::move(*loaded);
    } else if (needs_tls(config)) {
        return fail(Code::invalid, "TLS is required, and there is no certificate: set tls.certificate");
    }
    config.ftp.settings.tls.certificate_rule =
        parts.certificate_rule ? parts.certificate_rule : certificate_rule(config.tls.client_user);
    std::vector<std::string> warnings;
    const auto owner = tftp_owner(config, *users, *anonymous);
    if (!owner) return std::unexpected(owner.error());
    auto policy = open_tftp_policy(config, *owner, warnings);
    if (!policy) return std::unexpected(std::move(policy.error()));
    for (const std::string& warning : warnings) (*log)->warning("{}", warning);
    // Not make_unique: the constructor is private.
    std::unique_ptr<Service> service(new Service(std::move(config), std::move(parts), std::move(*log),
                                                 std::move(*users), std::move(*anonymous), std::move(*policy)));
    if (!service->ended_) return fail_errno(errno, "making", "an eventfd");
    service->set_tls(tls);
    return service;
}

Service::Service(Config config, ServiceParts parts, std::unique_ptr<Log> log, UserSources users, UserPtr anonymous,
                 tftp::Policy policy)
    : config_(std::move(config)),
      log_(std::move(log)),
      events_(metrics_),
      guards_(std::move(parts.guards)),
      limits_(config_.limits),
      rates_(config_.rates),
      bans_(config_.bans),
      own_certificate_rule_(static_cast<bool>(parts.certificate_rule)),
      users_(std::move(users)),
      chain_(joined(std::move(parts.authenticators), users_.authenticators())),
      runtime_(config_.runtime, metrics_),
      network_(net::tcp_network()),
      commons_{runtime_,        *log_,         metrics_,      events_,
               guards_,         limits_,       rates_,        ledger_,
               bans_,           sessions_,     chain_,        std::move(anonymous),
               config_.uploads, config_.login, config_.names, config_.use_sendfile},
      ftp_(commons_, *network_, config_.ftp.settings, std::move(parts.ftp)),
      i2ftp_(commons_, config_.i2ftp.settings),
      i2ftp_parts_(std::move(parts.i2ftp)),
      datagrams_(net::udp_datagrams(&metrics_, log_.get())),
      hooks_(config_.tftp.hook, commons_),
      tftp_(commons_, *datagrams_, std::move(policy)),
      ended_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    const auto to_log = log_sink(*log_, std::move(parts.log_prefix));
    const auto commands = EventBus::bit<event::Command>();
    events_.subscribe(to_log, ~(commands | told_by_tftp), [log = log_.get()] { return log->writes(LogLevel::info); });
    events_.subscribe(to_log, commands, [log = log_.get()] { return log->writes(LogLevel::debug); });
    for (tftp::Handler& handler : parts.tftp_handlers) tftp_.add_handler(std::move(handler));
    hooks_.add_to(tftp_, events_);
    for (tftp::OptionMaker& option : parts.tftp_options) tftp_.add_option(std::move(option));
    for (auto& [opcode, call] : parts.tftp_opcodes) tftp_.add_opcode(opcode, std::move(call));
    for (TftpObserver& observer : parts.tftp_observers) tftp_.add_observer(std::move(observer));
    for (ServiceParts::Sink& sink : parts.sinks) events_.subscribe(std::move(sink.call), sink.mask);
    events_.on_error([log = log_.get()](std::string_view what) { log->error("an event sink has thrown: {}", what); });
}

Service::~Service() {
    stop();
    if (keeper_.joinable()) keeper_.join();
}

std::vector<std::string> Service::warnings() const {
    std::vector<std::string> out = users_.warnings();
    if (const auto tls = ftp_.tls()) {
        for (std::string& warning : tls->warnings()) out.push_back(std::move(warning));
    }
    return out;
}

// Sessions keep the user they came in with.
Result<void> Service::read_i2ftp_keys() {
    if (!config_.i2ftp.served()) return {};
    auto identities = i2ftp_identities(config_);
    if (!identities) return std::unexpected(std::move(identities.error()));
    for (KeyOfUser& one : users_.keys()) identities->push_back(std::move(one));
    identities->insert(identities->end(), i2ftp_parts_.begin(), i2ftp_parts_.end());
    return i2ftp_.set_identities(*identities);
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
    i2ftp_.start();
    tftp_.start();
    if (control_) control_->start([this](std::string_view line) { return answer(line); });
    keeper_ = std::thread([this] {
        commons_.outstanding.wait_for_none();
        eventfd_write(ended_.descriptor(), 1);
    });
    for (const net::Address& address : addresses_) log_->info("listening ftp {}", address.text());
    for (const net::Address& address : i2ftp_addresses_) log_->info("listening i2ftp {}", address.text());
    for (const net::Address& address : i2ftp_tls_addresses_) log_->info("listening i2ftps {}", address.text());
    for (const net::Address& address : tftp_addresses_) log_->info("listening tftp {}", address.text());
    if (config_.runtime.attached) loop().turn(net::Duration::zero());
}

void Service::drain() {
    {
        const std::lock_guard lock(mutex_);
        if (!started_ || stopped_) return;
    }
    ftp_.drain();
    i2ftp_.drain();
    tftp_.drain();
    release();
}

void Service::stop() {
    const std::lock_guard stopping(stop_mutex_);
    {
        const std::lock_guard lock(mutex_);
        if (!started_ || stopped_) return;
        stopped_ = true;
    }
    if (control_) control_->stop();  // it asks the loops, which end now
    ftp_.stop();
    i2ftp_.stop();
    tftp_.stop();
    hooks_.stop();
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

void Service::set_tls(const net::TlsContextPtr& context) {
    ftp_.set_tls(context);
    i2ftp_.set_tls(context);
}

// Sessions that are open keep the certificate they began with.
std::vector<std::string> Service::refresh_tls(const Config& config) {
    if (!wants_tls(config)) return {};
    if (config.tls.certificate.empty()) {
        if (needs_tls(config)) return {"tls.certificate: is empty, and TLS is required; it stays as it was"};
        set_tls(nullptr);
        return {};
    }
    auto loaded = net::TlsContext::load(tls_options(config));
    if (!loaded) return {loaded.error().message + "; the certificate stays as it was"};
    set_tls(*loaded);
    return {};
}

std::vector<std::string> Service::refresh_files() {
    std::vector<std::string> mistakes;
    for (const Error& error : users_.reload()) mistakes.push_back(error.message);
    if (const auto known = read_i2ftp_keys(); !known) mistakes.push_back(known.error().message);
    if (const auto opened = log_->reopen(); !opened) mistakes.push_back(opened.error().message);
    return mistakes;
}

std::vector<std::string> Service::refresh() {
    std::vector<std::string> mistakes = refresh_files();
    const std::lock_guard lock(mutex_);
    if (const auto set = set_tftp(*commons_.anonymous.get()); !set) mistakes.push_back(set.error().message);
    for (std::string& mistake : refresh_tls(config_)) mistakes.push_back(std::move(mistake));
    return mistakes;
}

Reloaded Service::reload(const Config& fresh) {
    Reloaded out;
    out.mistakes = refresh_files();
    auto anonymous = open_anonymous(fresh);
    if (!anonymous) out.mistakes.push_back(anonymous.error().message);
    const std::lock_guard lock(mutex_);
    Config trial = config_;
    trial.tls = fresh.tls;
    trial.ftp.settings.tls = fresh.ftp.settings.tls;
    std::vector<std::string> bad_tls = refresh_tls(trial);
    for (const ConfigKey& key : config_keys()) {
        if (key.field.show(config_) == key.field.show(fresh)) continue;
        const bool live = key.change == ConfigKey::Change::live;
        if (live && key.group() == "tls" && !bad_tls.empty()) continue;
        if (!anonymous && (key.group() == "anonymous" || key.group() == "filesystem")) continue;
        (live ? out.changed : out.restart).emplace_back(key.name);
        // What needs a new start stays as it is in here, so that the next reload still tells of it.
        if (live) key.field.copy(config_, fresh);
    }
    if (config_.tftp.settings.rules != fresh.tftp.settings.rules) {
        out.changed.emplace_back("tftp.rule");
        config_.tftp.settings.rules = fresh.tftp.settings.rules;
    }
    apply();
    if (anonymous) commons_.anonymous.set(std::move(*anonymous));
    if (const auto set = set_tftp(*commons_.anonymous.get()); !set) out.mistakes.push_back(set.error().message);
    for (std::string& mistake : bad_tls) out.mistakes.push_back(std::move(mistake));
    return out;
}

// With the mutex held. The error: folders and rules stay as they were.
Result<void> Service::set_tftp(const UserPtr& anonymous) {
    std::vector<std::string> warnings;
    const auto owner = tftp_owner(config_, users_, anonymous);
    if (!owner) return std::unexpected(owner.error());
    auto policy = open_tftp_policy(config_, *owner, warnings);
    if (!policy) return std::unexpected(std::move(policy.error()));
    for (const std::string& warning : warnings) log_->warning("{}", warning);
    tftp_.set(std::move(*policy));
    return {};
}

// Lets what is live in config_ hold; with the mutex held.
void Service::apply() {
    if (!own_certificate_rule_) {
        config_.ftp.settings.tls.certificate_rule = certificate_rule(config_.tls.client_user);
    }
    limits_.set(config_.limits);
    rates_.set(config_.rates);
    bans_.set(config_.bans);
    log_->set_level(config_.log.level);
    commons_.uploads.set(config_.uploads);
    commons_.logins.set(config_.login);
    commons_.names.set(config_.names);
    ftp_.set(config_.ftp.settings);
}

}  // namespace wherry
