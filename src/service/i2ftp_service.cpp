#include <utility>

#include "service/server_state.h"
#include "wherry/i2ftp.h"

namespace wherry {
namespace {

// One setter of i2ftp::Settings.
template <class State, class Value>
void set(State& state, Value i2ftp::Settings::* member, Value value) {
    state.set([&](Config& config) { config.i2ftp.settings.*member = value; });
}

}  // namespace

I2ftpService I2ftpService::listen(std::string address) {
    const auto list = [](Config& config) -> ListenPlaces& { return config.i2ftp.listen; };
    return server_->state_->add_place(list, address, "i2ftp: listen"), *this;
}
I2ftpService I2ftpService::listen_tls(std::string address) {
    const auto list = [](Config& config) -> ListenPlaces& { return config.i2ftp.tls_listen; };
    return server_->state_->add_place(list, address, "i2ftp: listen_tls"), *this;
}

I2ftpService I2ftpService::key(Result<SharedKey> key, std::string user) {
    auto& state = *server_->state_;
    if (!key) {
        state.mistake(std::move(key.error()));
    } else {
        state.set([&](Config&) { state.i2ftp_keys.push_back({std::move(*key), std::move(user)}); });
    }
    return *this;
}

I2ftpService I2ftpService::key(Result<SharedKey> key, User user) {
    auto& state = *server_->state_;
    if (!key) {
        state.mistake(std::move(key.error()));
    } else if (user.filesystem == nullptr) {
        state.mistake({Code::invalid, 0, "i2ftp: the user '" + user.name + "' has no filesystem"});
    } else {
        state.set([&](Config&) {
            state.parts.i2ftp.push_back({std::move(*key), std::make_shared<const User>(std::move(user))});
        });
    }
    return *this;
}

I2ftpService I2ftpService::secured(bool on) { return set(*server_->state_, &i2ftp::Settings::secured, on), *this; }
I2ftpService I2ftpService::read_only(bool on) { return set(*server_->state_, &i2ftp::Settings::read_only, on), *this; }
I2ftpService I2ftpService::accept_public_key(bool on) {
    return set(*server_->state_, &i2ftp::Settings::public_key, on), *this;
}

I2ftpService I2ftpService::process_control(I2ftpProcess whom) {
    using enum i2ftp::ProcessControl;
    const auto allowed = whom == I2ftpProcess::everybody  ? everybody
                         : whom == I2ftpProcess::loopback ? loopback
                                                          : nobody;
    return set(*server_->state_, &i2ftp::Settings::process_control, allowed), *this;
}

I2ftpService I2ftpService::open_files(std::uint32_t most) {
    return set(*server_->state_, &i2ftp::Settings::handles, most), *this;
}
I2ftpService I2ftpService::idle_timeout(std::chrono::seconds span) {
    return set(*server_->state_, &i2ftp::Settings::idle_timeout, span), *this;
}
I2ftpService I2ftpService::handle_timeout(std::chrono::seconds span) {
    return set(*server_->state_, &i2ftp::Settings::handle_timeout, span), *this;
}
I2ftpService I2ftpService::keep_uploads(std::chrono::seconds span) {
    return set(*server_->state_, &i2ftp::Settings::keep_uploads, span), *this;
}

}  // namespace wherry
