#include "tftp/upload_target.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "net/lane.h"

namespace wherry::tftp {
namespace {

void discard(const TftpSink& sink, Log& log) noexcept {
    if (!sink.discard) return;
    try {
        sink.discard();
    } catch (const std::exception& exception) {
        log.warning("tftp: a sink has thrown when it was told to discard an upload: {}", exception.what());
    } catch (...) {
        log.warning("tftp: a sink has thrown when it was told to discard an upload");
    }
}

}  // namespace

// --- a sink of the program's

ProgramSink::~ProgramSink() {
    if (ended_ || !sink_.discard) return;
    commons_.outstanding.begin();
    commons_.runtime.disk().run_detached(loop_, [sink = std::move(sink_), &commons = commons_] {
        discard(sink, commons.log);
        commons.outstanding.end();
    });
}

net::Task<Result<void>> ProgramSink::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    co_return co_await commons_.runtime.disk().run(loop_, [&]() -> Result<void> {
        if (!sink_.write) return fail(Code::internal, "a sink without a function to write to it");
        return sink_.write(offset, bytes);
    });
}

net::Task<Result<void>> ProgramSink::commit() {
    auto committed = co_await commons_.runtime.disk().run(
        loop_, [&]() -> Result<void> { return sink_.commit ? sink_.commit() : Result<void>(); });
    ended_ = committed.has_value();
    if (!committed) commons_.log.warning("tftp: an upload that a handler has taken: {}", committed.error().message);
    co_return committed;
}

TftpSink sink_of(std::function<Result<void>(std::string)> taker) {
    const auto content = std::make_shared<std::string>();
    return {.write = [content](std::uint64_t, std::span<const std::byte> bytes) -> Result<void> {
                content->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                return {};
            },
            .commit = [content, taker = std::move(taker)] { return taker(std::move(*content)); },
            .max_size = TftpAnswer::most_content};
}

// --- the target

std::uint64_t UploadTarget::most_bytes(std::uint64_t settings) const noexcept {
    const auto own = sink_ ? sink_->max_size() : std::nullopt;
    return own && (settings == 0 || *own < settings) ? *own : settings;
}

net::Task<Result<void>> UploadTarget::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (transfer_) co_return co_await transfer_->write_at(offset, bytes);
    co_return co_await sink_->write_at(offset, bytes);
}

net::Task<Result<void>> UploadTarget::publish() {
    auto published = transfer_ ? co_await transfer_->finish({}) : co_await sink_->commit();
    transfer_.reset();
    sink_.reset();
    claim_.release();  // before the client hears of it: its next upload may come at once
    co_return published;
}

// A file that is written in place may be removed here: nobody else may begin with it before that.
net::Task<void> UploadTarget::drop(UploadTarget target, wherry::Outcome outcome, Rest rest) {
    if (!target.transfer_) co_return;
    if (target.transfer_->is_atomic()) target.claim_.release();
    if (!rest.bytes.empty()) static_cast<void>(co_await target.transfer_->write_at(rest.at, rest.bytes));
    [[maybe_unused]] const auto dropped = co_await target.transfer_->finish(outcome);
}

net::Task<void> UploadTarget::give_up(UploadTarget target) {
    if (target.transfer_) target.transfer_->uncounted();
    co_await drop(std::move(target), wherry::Outcome::file(Code::busy), {});
}

}  // namespace wherry::tftp
