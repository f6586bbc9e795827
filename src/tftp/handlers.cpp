#include "tftp/handlers.h"

#include "core/glob.h"
#include "core/text.h"
#include "tftp/opening.h"

namespace wherry {

TftpAnswer TftpAnswer::content(std::string bytes) {
    TftpAnswer answer(Kind::content);
    answer.text_ = std::move(bytes);
    return answer;
}

TftpAnswer TftpAnswer::content(std::string cache_key, std::function<Result<std::string>()> make) {
    TftpAnswer answer(Kind::shared_content);
    answer.text_ = std::move(cache_key);
    answer.maker_ = std::move(make);
    return answer;
}

TftpAnswer TftpAnswer::source(TftpSource source) {
    TftpAnswer answer(Kind::source);
    answer.source_ = std::move(source);
    return answer;
}

TftpAnswer TftpAnswer::file(Path path) {
    TftpAnswer answer(Kind::file);
    answer.path_ = std::move(path);
    return answer;
}

TftpAnswer TftpAnswer::refuse(std::uint16_t code, std::string text) {
    TftpAnswer answer(Kind::refuse);
    answer.code_ = code;
    answer.text_ = std::move(text);
    return answer;
}

TftpAnswer TftpAnswer::take(std::function<Result<void>(std::string)> taker) {
    TftpAnswer answer(Kind::take);
    answer.taker_ = std::move(taker);
    return answer;
}

TftpAnswer TftpAnswer::sink(TftpSink sink) {
    TftpAnswer answer(Kind::sink);
    answer.sink_ = std::move(sink);
    return answer;
}

TftpAnswer TftpAnswer::exchange(std::shared_ptr<TftpExchange> exchange) {
    TftpAnswer answer(Kind::exchange);
    answer.exchange_ = std::move(exchange);
    return answer;
}

TftpAnswer TftpAnswer::blksize_max(std::uint16_t bytes) && {
    limits_.blksize = bytes;
    return std::move(*this);
}

TftpAnswer TftpAnswer::windowsize_max(std::uint16_t blocks) && {
    limits_.windowsize = blocks;
    return std::move(*this);
}

TftpAnswer TftpAnswer::option(std::string name, std::string value) && {
    options_.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

}  // namespace wherry

namespace wherry::tftp {

bool wants(const Handler& handler, bool write, bool missing, const Path& path) {
    return handler.write == write && handler.missing == missing && glob_matches(handler.pattern, path.text().substr(1));
}

TftpRequest describe_for_handlers(const Opening& opening, const Path& path) {
    const Request& request = opening.request;
    const Flow& flow = *opening.flow;
    TftpRequest out;
    out.upload = request.is_write();
    out.text = request.mode == Mode::netascii;
    out.name = request.name;
    out.path = path;
    for (const OptionPair& pair : request.options) out.options.emplace_back(pair.name, pair.value);
    out.peer = flow.route.peer.ip();
    out.peer_port = flow.route.peer.port();
    out.local = flow.route.local.ip();
    const auto mac = opening.mac ? opening.mac : opening.engine().mac_of(flow);
    if (mac) out.mac = mac->text();
    out.interface = opening.engine().interface_of(flow);
    return out;
}

Refusal refusal_of(const TftpAnswer& answer) {
    const std::uint16_t code = answer.code() <= 8 ? answer.code() : std::uint16_t{0};
    return {static_cast<ErrorCode>(code), printable(answer.text())};
}

}  // namespace wherry::tftp
