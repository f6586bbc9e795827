#include "wherry/server.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "auth/anonymous.h"
#include "service/run.h"
#include "service/server_state.h"
#include "service/signals.h"

namespace wherry {

std::string Endpoint::text() const {
    const bool ipv6 = address.find(':') != std::string::npos;
    return (ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

Server::State::State() {
    config.ftp.listen.clear();  // listen() adds; the default holds where nobody does
    config.log.level = LogLevel::warning;
    parts.authenticators.push_back(users);
}

Result<void> Server::State::mistake(Error error) {
    const std::lock_guard lock(mutex);
    if (!service) mistakes.push_back(error.message);
    return std::unexpected(std::move(error));
}

Server::Server() : state_(std::make_unique<State>()) {}
Server::~Server() { stop(); }

// --- users ---------------------------------------------------------------------------------------

Result<void> Server::Users::add(std::string name, Password password, const std::string& folder, Perm permissions) {
    auto filesystem = posix_filesystem(folder);
    if (filesystem) return add(std::move(name), std::move(password), std::move(*filesystem), permissions);
    Error error = std::move(filesystem.error());
    error.message = "user \"" + name + "\": " + error.message;
    return server_->state_->mistake(std::move(error));
}

Result<void> Server::Users::add(std::string name, Password password, FilesystemPtr filesystem, Perm permissions) {
    User user;
    user.name = std::move(name);
    user.filesystem = std::move(filesystem);
    user.permissions = permissions;
    return add(std::move(user), std::move(password));
}

Result<void> Server::Users::add(User user, Password password) {
    auto added = server_->state_->users->add(std::move(user), password);
    return added ? added : server_->state_->mistake(std::move(added.error()));
}

Result<void> Server::Users::add_anonymous(const std::string& folder, Perm permissions) {
    auto filesystem = posix_filesystem(folder);
    if (filesystem) return add_anonymous(std::move(*filesystem), permissions);
    Error error = std::move(filesystem.error());
    error.message = "the anonymous user: " + error.message;
    return server_->state_->mistake(std::move(error));
}

Result<void> Server::Users::add_anonymous(FilesystemPtr filesystem, Perm permissions) {
    return add_anonymous(anonymous_user(std::move(filesystem), permissions).user);
}

Result<void> Server::Users::add_anonymous(User user) {
    auto& state = *server_->state_;
    auto added = state.users->add_anonymous(std::move(user));
    if (!added) return state.mistake(std::move(added.error()));
    if (const auto service = state.running()) state.warn(*service);
    return added;
}

void Server::Users::load(std::string file) {
    server_->state_->set([&](Config& config) { config.users_files.push_back(std::move(file)); });
}

bool Server::Users::remove(std::string_view name) { return server_->state_->users->remove(name); }

Server::Authenticators Server::Authenticators::add(AuthenticatorPtr authenticator) {
    server_->state_->set([&](Config&) { server_->state_->parts.authenticators.push_back(std::move(authenticator)); });
    return *this;
}

// --- events, log, threads ------------------------------------------------------------------------

template <class Kind>
void Server::add_sink(std::function<void(const Kind&)> callback) {
    state_->set([&](Config&) {
        state_->parts.sinks.push_back(
            {[callback = std::move(callback)](const Event& event) { callback(std::get<Kind>(event)); },
             EventBus::bit<Kind>()});
    });
}

void Server::on_event(std::function<void(const Event&)> callback) {
    state_->set([&](Config&) { state_->parts.sinks.push_back({std::move(callback), ~0U}); });
}

template <class Kind>
void Server::add_guard(std::function<Verdict(const Kind&)> decide) {
    state_->set([&](Config&) { state_->parts.guards.add<Kind>(std::move(decide)); });
}

template void Server::add_sink(std::function<void(const event::Connected&)>);
template void Server::add_sink(std::function<void(const event::Refused&)>);
template void Server::add_sink(std::function<void(const event::TlsHandshake&)>);
template void Server::add_sink(std::function<void(const event::Disconnected&)>);
template void Server::add_sink(std::function<void(const event::LoggedIn&)>);
template void Server::add_sink(std::function<void(const event::LoginFailed&)>);
template void Server::add_sink(std::function<void(const event::LoggedOut&)>);
template void Server::add_sink(std::function<void(const event::Command&)>);
template void Server::add_sink(std::function<void(const event::Sent&)>);
template void Server::add_sink(std::function<void(const event::Received&)>);
template void Server::add_sink(std::function<void(const event::DirectoryMade&)>);
template void Server::add_sink(std::function<void(const event::DirectoryRemoved&)>);
template void Server::add_sink(std::function<void(const event::FileRemoved&)>);
template void Server::add_sink(std::function<void(const event::Renamed&)>);
template void Server::add_sink(std::function<void(const event::ModeChanged&)>);
template void Server::add_sink(std::function<void(const event::TimeChanged&)>);
template void Server::add_sink(std::function<void(const event::OwnerChanged&)>);
template void Server::add_sink(std::function<void(const event::SymlinkMade&)>);
template void Server::add_sink(std::function<void(const event::TftpRequested&)>);
template void Server::add_sink(std::function<void(const event::TftpRefused&)>);
template void Server::add_sink(std::function<void(const event::TftpStarted&)>);
template void Server::add_sink(std::function<void(const event::TftpDone&)>);
template void Server::add_sink(std::function<void(const event::TftpUploaded&)>);
template void Server::add_sink(std::function<void(const event::TftpProbed&)>);
template void Server::add_sink(std::function<void(const event::TftpFailed&)>);
static_assert(std::variant_size_v<Event> == 25, "a new event needs a line above");

template void Server::add_guard(std::function<Verdict(const action::Download&)>);
template void Server::add_guard(std::function<Verdict(const action::Upload&)>);
template void Server::add_guard(std::function<Verdict(const action::List&)>);
template void Server::add_guard(std::function<Verdict(const action::MakeDirectory&)>);
template void Server::add_guard(std::function<Verdict(const action::RemoveDirectory&)>);
template void Server::add_guard(std::function<Verdict(const action::RemoveFile&)>);
template void Server::add_guard(std::function<Verdict(const action::Rename&)>);
template void Server::add_guard(std::function<Verdict(const action::ChangeMode&)>);
template void Server::add_guard(std::function<Verdict(const action::ChangeTime&)>);
template void Server::add_guard(std::function<Verdict(const action::ChangeOwner&)>);
template void Server::add_guard(std::function<Verdict(const action::MakeSymlink&)>);
static_assert(std::variant_size_v<Action> == 11, "a new action needs a line above");

void Server::log_level(LogLevel level) {
    state_->set_live([&](Config& config) { config.log.level = level; },
                     [](Service& service, const Config& config) { service.log().set_level(config.log.level); });
}

void Server::log_file(std::string file) {
    state_->set([&](Config& config) { config.log.file = std::move(file); });
}

void Server::log_to(std::function<void(LogLevel, std::string_view)> function) {
    state_->set([&](Config&) { state_->parts.log = std::move(function); });
}

void Server::log_prefix(std::function<std::string(const SessionInfo&)> prefix) {
    state_->set([&](Config&) { state_->parts.log_prefix = std::move(prefix); });
}

void Server::loops(std::size_t count) {
    state_->set([&](Config& config) { config.runtime.loops = count; });
}

void Server::disk_threads(std::size_t count) {
    // A lane without threads would do its jobs on the loop.
    state_->set([&](Config& config) { config.runtime.disk_threads = std::max<std::size_t>(count, 1); });
}

// --- the life of a server ------------------------------------------------------------------------

Result<void> Server::State::start(bool attach) {
    const std::lock_guard one_at_a_time(starting);
    if (running()) return fail(Code::busy, "start: the server serves already");
    Config now;
    ServiceParts brought;
    {
        const std::lock_guard lock(mutex);
        std::string all;
        for (const std::string& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake;
        if (!all.empty()) return fail(Code::invalid, std::move(all));
        now = config;
        brought = parts;
        if (auto added = add_keys(brought); !added) return added;
    }
    now.runtime.attached = attach;
    if (!now.ftp.served() && !now.tftp.served() && !now.i2ftp.served()) now.ftp.listen = FtpConfig().listen;
    auto created = Service::create(std::move(now), std::move(brought));
    if (!created) return std::unexpected(std::move(created.error()));
    const std::shared_ptr<Service> fresh = std::move(*created);
    if (auto listening = fresh->listen(); !listening) return listening;
    {
        const std::lock_guard lock(mutex);
        service = fresh;  // before the first callback can ask for it
        attached = attach;
    }
    warn(*fresh);
    for (const std::string& warning : fresh->warnings()) fresh->log().warning("{}", warning);
    fresh->start();
    return {};
}

Result<void> Server::State::add_keys(ServiceParts& brought) const {
    for (const NamedKey& one : i2ftp_keys) {
        UserPtr user = users->find(one.user);
        if (!user) return fail(Code::not_found, "i2ftp: there is no user '" + one.user + "' to have a key");
        brought.i2ftp.push_back({one.key, std::move(user)});
    }
    return {};
}

void Server::State::warn(Service& serving) const {
    const UserPtr anonymous = users->anonymous();
    if (!anonymous) return;
    if (const std::string risk = anonymous_warning(*anonymous); !risk.empty()) serving.log().warning("{}", risk);
}

Result<void> Server::start() { return state_->start(false); }

Result<void> Server::attach() { return state_->start(true); }

int Server::descriptor() const {
    const auto service = state_->attached_service();
    return service ? service->loop().descriptor() : -1;
}

int Server::poll_timeout() const {
    const auto service = state_->attached_service();
    return service ? service->loop().milliseconds_to_next() : -1;
}

bool Server::poll_once() {
    const auto service = state_->attached_service();
    if (!service) return false;
    service->loop().turn(net::Duration::zero());
    return !service->has_ended();
}

std::vector<Endpoint> Server::addresses() const {
    std::vector<Endpoint> all;
    const auto service = state_->running();
    if (!service) return all;
    for (const net::Address& address : service->addresses()) all.push_back({"ftp", address.ip(), address.port()});
    for (const net::Address& address : service->tftp_addresses()) all.push_back({"tftp", address.ip(), address.port()});
    for (const net::Address& address : service->i2ftp_addresses()) {
        all.push_back({"i2ftp", address.ip(), address.port()});
    }
    for (const net::Address& address : service->i2ftp_tls_addresses()) {
        all.push_back({"i2ftps", address.ip(), address.port()});
    }
    return all;
}

void Server::drain() {
    if (const auto service = state_->running()) service->drain();
}

void Server::stop() {
    const auto service = state_->running();
    if (!service) return;
    service->stop();
    const std::lock_guard lock(state_->mutex);
    if (state_->service == service) state_->service.reset();
}

int Server::run() {
    if (state_->attached_service()) {
        std::fputs("wherry: run(): this server is attached to the program's own loop\n", stderr);
        return 1;
    }
    Signals signals;
    if (!state_->running()) {
        if (const auto started = start(); !started) {
            std::fprintf(stderr, "wherry: %s\n", started.error().message.c_str());
            return 1;
        }
    }
    const auto service = state_->running();
    if (!service) return 0;  // stopped by another thread in between
    run_until_end(*service, signals, [&] {
        for (const std::string& mistake : service->refresh()) service->log().error("reload: {}", mistake);
    });
    stop();
    return 0;
}

// --- while it serves -----------------------------------------------------------------------------

std::vector<SessionInfo> Server::sessions() const {
    const auto service = state_->running();
    return service ? service->sessions().list() : std::vector<SessionInfo>();
}

std::vector<SessionStatus> Server::status() const {
    const auto service = state_->running();
    return service ? service->sessions().status(service->clock().now()) : std::vector<SessionStatus>();
}

bool Server::kill(std::uint64_t session) {
    const auto service = state_->running();
    return service && service->sessions().kill(session, Code::killed);
}

std::string Server::metrics() const {
    const auto service = state_->running();
    return service ? service->exposition() : std::string();
}

}  // namespace wherry
