#include "ftp/deflated_text.h"

#include <span>

#include "ftp/session.h"

namespace wherry::ftp {
namespace {

constexpr std::size_t step = 32 * 1024;  // by which the output grows

}  // namespace

DeflatedText::DeflatedText(Session& session) : session_(session) {
    if (const Wire wire = session.wire(); wire.deflate) deflater_.emplace(wire.level);
}

void DeflatedText::pack(const std::string& text) {
    packed_.clear();
    for (auto rest = std::as_bytes(std::span(text)); !rest.empty();) {
        const std::size_t filled = packed_.size();
        packed_.resize(filled + step);
        const Converted done = deflater_->convert(rest, std::as_writable_bytes(std::span(packed_)).subspan(filled));
        packed_.resize(filled + done.produced);
        rest = rest.subspan(done.consumed);
    }
}

void DeflatedText::pack_end() {
    packed_.clear();
    for (std::size_t done = step; done != 0;) {
        const std::size_t filled = packed_.size();
        packed_.resize(filled + step);
        done = deflater_->finish(std::as_writable_bytes(std::span(packed_)).subspan(filled));
        packed_.resize(filled + done);
    }
}

net::Task<net::Io> DeflatedText::send(net::Stream& stream, const std::string& text) {
    if (!deflater_) co_return co_await stream.write_all(std::as_bytes(std::span(text)));
    co_await session_.commons().runtime.hash().run(session_.loop(), [&] { pack(text); });
    if (stream.cause() != Code::ok) co_return net::Io::failed(stream.cause());
    co_return co_await stream.write_all(std::as_bytes(std::span(packed_)));
}

net::Task<net::Io> DeflatedText::end(net::Stream& stream) {
    if (!deflater_) co_return net::Io();
    co_await session_.commons().runtime.hash().run(session_.loop(), [&] { pack_end(); });
    if (stream.cause() != Code::ok) co_return net::Io::failed(stream.cause());
    co_return co_await stream.write_all(std::as_bytes(std::span(packed_)));
}

}  // namespace wherry::ftp
