// What a Service answers to whoever asks by the control socket.
#include <fmt/format.h>

#include <utility>

#include "service/control_server.h"
#include "service/control_words.h"
#include "service/service.h"

namespace wherry {

Result<void> Service::open_control() {
    if (config_.control.empty()) return {};
    auto opened = ControlServer::open(config_.control, *log_);
    if (!opened) {
        opened.error().message = "control.socket: " + opened.error().message;
        return std::unexpected(std::move(opened.error()));
    }
    control_ = std::move(*opened);
    return {};
}

std::string Service::answer(std::string_view line) {
    const auto request = control::parse_request(line);
    if (!request) return control::answer_of(Result<void>(std::unexpected(request.error())));
    if (std::holds_alternative<control::ShowMetrics>(*request)) return control::answer_of(exposition());
    const auto* const end = std::get_if<control::EndTftp>(&*request);
    if (end == nullptr) return control::answer_of(tftp_transfers(Asker::control));
    if (!end_tftp_transfer(end->id, Asker::control)) {
        return control::answer_of(Result<void>(fail(Code::not_found, fmt::format("there is no transfer {}", end->id))));
    }
    log_->info("control: tftp transfer {} was ended by an operator", end->id);
    return control::answer_of(Result<void>());
}

}  // namespace wherry
