// What a program says about limits and uploads.
#include "service/server_state.h"
#include "wherry/server.h"

namespace wherry {
namespace {

constexpr auto apply_limits = [](Service& service, const Config& config) { service.limits().set(config.limits); };
constexpr auto apply_rates = [](Service& service, const Config& config) { service.rates().set(config.rates); };

}  // namespace

Server::Limits Server::Limits::sessions(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.sessions = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::sessions_per_address(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.sessions_per_address = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::transfers(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.transfers = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::upload_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.upload = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::download_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.download = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::session_upload_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.session_upload = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::session_download_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.session_download = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::checksums_per_user(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.checksums_per_user = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::sessions_per_user(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.sessions_per_user = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::transfers_per_address(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.transfers_per_address = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::transfers_per_user(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.transfers_per_user = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::commands_per_second(std::uint32_t most) {
    server_->state_->set_live([&](Config& config) { config.limits.commands_per_second = most; }, apply_limits);
    return *this;
}
Server::Limits Server::Limits::user_upload_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.user_upload = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::user_download_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.user_download = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::transfer_upload_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.transfer_upload = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::transfer_download_rate(std::uint64_t rate) {
    server_->state_->set_live([&](Config& config) { config.rates.transfer_download = rate; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::burst(std::chrono::milliseconds span) {
    server_->state_->set_live([&](Config& config) { config.rates.burst = span; }, apply_rates);
    return *this;
}
Server::Limits Server::Limits::longest_login_failure_delay(std::chrono::milliseconds span) {
    server_->state_->set([&](Config& config) { config.login.longest_failure_delay = span; });
    return *this;
}
Server::Limits Server::Limits::ban(std::uint32_t failures, std::chrono::seconds span) {
    server_->state_->set([&](Config& config) {
        config.bans.failures = failures;
        config.bans.duration = span;
    });
    return *this;
}
Server::Limits Server::Limits::idle_timeout(std::chrono::seconds span) {
    server_->state_->set([&](Config& config) { config.ftp.settings.idle_timeout = span; });
    return *this;
}
Server::Limits Server::Limits::login_attempts(std::uint32_t most) {
    server_->state_->set([&](Config& config) { config.login.attempts = most; });
    return *this;
}
Server::Limits Server::Limits::login_failure_delay(std::chrono::milliseconds span) {
    server_->state_->set([&](Config& config) { config.login.failure_delay = span; });
    return *this;
}

Server::Uploads Server::Uploads::drop_broken(bool on) {
    server_->state_->set([&](Config& config) { config.uploads.drop_broken = on; });
    return *this;
}
Server::Uploads Server::Uploads::modes(std::uint32_t file, std::uint32_t directory) {
    server_->state_->set([&](Config& config) {
        config.uploads.file_mode = file & 0777;
        config.uploads.directory_mode = directory & 0777;
    });
    return *this;
}
Server::Uploads Server::Uploads::atomic(bool on) {
    server_->state_->set([&](Config& config) { config.uploads.atomic = on; });
    return *this;
}
Server::Uploads Server::Uploads::keep_partial(bool on) {
    server_->state_->set([&](Config& config) { config.uploads.keep_partial = on; });
    return *this;
}
Server::Uploads Server::Uploads::overwrite(bool on) {
    server_->state_->set([&](Config& config) { config.uploads.overwrite = on; });
    return *this;
}
Server::Uploads Server::Uploads::free_space_floor(std::uint64_t bytes) {
    server_->state_->set([&](Config& config) { config.uploads.free_space_floor = bytes; });
    return *this;
}

}  // namespace wherry
