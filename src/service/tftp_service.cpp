#include "service/server_state.h"
#include "tftp/options.h"
#include "wherry/tftp.h"

namespace wherry {

TftpService TftpService::listen(std::string address) {
    const auto list = [](Config& config) -> ListenPlaces& { return config.tftp.listen; };
    return server_->state_->add_place(list, address, "tftp: listen"), *this;
}

TftpService TftpService::listen_on(int descriptor) {
    server_->state_->set([&](Config& config) { config.tftp.descriptors.push_back(descriptor); });
    return *this;
}

TftpService TftpService::serve(std::string folder) {
    server_->state_->set([&](Config& config) { config.tftp.roots.push_back(std::move(folder)); });
    return *this;
}

TftpService TftpService::uploads(TftpUploads mode) {
    server_->state_->set([&](Config& config) {
        auto& write = config.tftp.settings.write.mode;
        switch (mode) {
            case TftpUploads::off: write = tftp::WriteMode::off; break;
            case TftpUploads::create: write = tftp::WriteMode::create; break;
            case TftpUploads::existing: write = tftp::WriteMode::existing; break;
            case TftpUploads::overwrite: write = tftp::WriteMode::overwrite; break;
        }
    });
    return *this;
}

TftpService TftpService::max_upload(std::uint64_t bytes) {
    server_->state_->set([&](Config& config) { config.tftp.settings.write.max_size = bytes; });
    return *this;
}

TftpService TftpService::single_port(bool on) {
    server_->state_->set(
        [&](Config& config) { config.tftp.settings.tid_mode = on ? tftp::TidMode::single : tftp::TidMode::pool; });
    return *this;
}

TftpService TftpService::max_window(std::uint16_t blocks) {
    auto& state = *server_->state_;
    if (blocks == 0 || blocks > tftp::most_window) {
        state.mistake({Code::invalid, 0, "tftp: max_window: must be from 1 to " + std::to_string(tftp::most_window)});
    } else {
        state.set([&](Config& config) { config.tftp.settings.options.windowsize_max = blocks; });
    }
    return *this;
}

TftpService TftpService::map_file(std::string file) {
    server_->state_->set([&](Config& config) { config.tftp.map_file = std::move(file); });
    return *this;
}

TftpService TftpService::on_read(std::string pattern, TftpHandler handler) {
    server_->state_->set([&](Config&) {
        server_->state_->parts.tftp_handlers.push_back({std::move(pattern), false, std::move(handler)});
    });
    return *this;
}

TftpService TftpService::on_write(std::string pattern, TftpHandler handler) {
    server_->state_->set([&](Config&) {
        server_->state_->parts.tftp_handlers.push_back({std::move(pattern), true, std::move(handler)});
    });
    return *this;
}

TftpService TftpService::on_missing(std::string pattern, TftpHandler handler) {
    server_->state_->set([&](Config&) {
        server_->state_->parts.tftp_handlers.push_back({std::move(pattern), false, std::move(handler), true});
    });
    return *this;
}

TftpService TftpService::on_option(std::string name, TftpOptionHandler handler) {
    auto& state = *server_->state_;
    if (name.empty() || tftp::is_known_option(name)) {
        state.mistake({Code::invalid, 0, "tftp: on_option: \"" + name + "\" is served by Wherry itself"});
    } else {
        state.set([&](Config&) { state.parts.tftp_options.push_back({std::move(name), std::move(handler)}); });
    }
    return *this;
}

TftpService TftpService::on_opcode(std::uint16_t opcode, TftpOpcodeHandler handler) {
    constexpr std::uint16_t first_free = 7;
    auto& state = *server_->state_;
    if (opcode < first_free) {
        state.mistake({Code::invalid, 0, "tftp: on_opcode: those below 7 are TFTP's own"});
    } else {
        state.set([&](Config&) { state.parts.tftp_opcodes[opcode] = std::move(handler); });
    }
    return *this;
}

TftpService TftpService::observe(TftpObserver observer) {
    server_->state_->set([&](Config&) { server_->state_->parts.tftp_observers.push_back(std::move(observer)); });
    return *this;
}

std::vector<TftpTransfer> TftpService::transfers() const {
    const auto service = server_->state_->running();
    return service ? service->tftp_transfers() : std::vector<TftpTransfer>();
}

bool TftpService::end_transfer(std::uint64_t id) {
    const auto service = server_->state_->running();
    return service && service->end_tftp_transfer(id);
}

}  // namespace wherry
