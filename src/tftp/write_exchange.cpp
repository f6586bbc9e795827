#include "tftp/write_exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tftp/ending.h"
#include "tftp/open.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t write_at_once = 64 * 1024;
constexpr std::size_t least_write_queue = std::size_t{1} << 20U;

WriteMachine::Options machine_options(const Negotiated& granted, const Flow& flow) {
    const Settings& settings = flow.settings();
    WriteMachine::Options options{.blksize = granted.blksize,
                                  .window = granted.window,
                                  .rollover = granted.rollover,
                                  .oack = !granted.oack.empty(),
                                  .ack_at_receipt = settings.write.ack_at_receipt,
                                  .reorder_blocks = settings.write.reorder_blocks,
                                  .fixed_rto = granted.fixed_rto,
                                  .seed = flow.jitter()};
    options.write_queue = std::max(least_write_queue, std::size_t{2} * granted.window * granted.blksize);
    if (!options.fixed_rto && settings.rto_fixed.count() > 0) options.fixed_rto = settings.rto_fixed;
    return options;
}

}  // namespace

WriteExchange::WriteExchange(const FlowPtr& flow, const Request& request, const Negotiated& granted,
                             UploadTarget target)
    : MachineExchange(*flow, granted, machine_options(granted, *flow), flow->engine.server().reorder_budget()),
      window_(granted.window),
      announced_(granted.announced),
      path_(target.file() ? std::optional(target.file()->path()) : std::nullopt),
      most_bytes_(target.most_bytes(flow->settings().write.max_size)),
      target_(std::move(target)) {
    if (request.mode == Mode::netascii) decoder_.emplace(flow->settings().newlines());
    if (const auto rate = flow->settings().write.rate_per_transfer; rate != 0) {
        rate_ = std::make_unique<SharedBucket>(rate);
    }
}

WriteExchange::~WriteExchange() {
    if (!ending_) end(Ending::cancelled);
}

void WriteExchange::on_packet(Time now, Op op, Bytes packet) {
    if (op == Op::data) {
        tell(now, [&](Effects& effects) { on_data(now, packet, effects); });
    } else if (op == Op::error) {
        take_error(packet);
        tell(now, [&](Effects& effects) { machine_.on_error(now, effects); });
    }
}

void WriteExchange::on_data(Time now, Bytes packet, Effects& effects) {
    machine_.on_data(now, *number_of(packet), packet.subspan(data_header), *this, effects);
    if (most_bytes_ == 0 || received_ <= most_bytes_ || effects.ended || ending_) return;
    effects = {};
    machine_.cancel(Ending::limit, ErrorCode::disk_full, "Disk full or allocation exceeded", effects, true);
}

void WriteExchange::on_timer(Time now) {
    tell(now, [&](Effects& effects) {
        if (!machine_.committing()) return machine_.on_timer(now, effects);
        flow_.engine.server().commons().log.warning(
            "tftp: an upload to {} takes longer to be stored than "
            "tftp.timers.commit; its client was told that it failed",
            flow_.route.peer.text());
        if (machine_.is_publishing()) {
            machine_.publish_late(effects);
        } else {
            machine_.cancel(Ending::io_error, ErrorCode::undefined, "Internal error", effects, true);
        }
    });
}

void WriteExchange::apply(Time now, Effects& effects) {
    const bool may = flow_.alive() && may_answer(effects.oack || effects.ack);
    if (effects.oack && may) send_oack();
    if (effects.ack && may) flow_.send(ack_packet(*effects.ack));
    if (flow_.alive()) send_error(effects);
    if (effects.commit) complete_ = true;
    if (effects.ended) end(*effects.ended);
    if (!ending_) write_if_worth_it();
    if (machine_.ended()) return rest();
    if (!flow_.alive()) return;
    if (effects.commit && machine_.committing()) {
        flow_.timer.set(now + flow_.settings().commit_timeout);  // whatever the client sends until then
    } else if (const auto due = machine_.deadline()) {
        flow_.wake_at(*due);
    }
}

// What still comes of it is no stranger's. A write that is under way uses all this until it is done.
void WriteExchange::rest() {
    flow_.timer.cancel();
    if (!writing_) flow_.engine.bury(flow_);
}

// --- the file, or the sink of the program

// Each byte is paid for once, when it comes in its order; the ACK of its window waits until that is paid.
void WriteExchange::pay(std::uint64_t bytes) {
    const Time now = flow_.engine.loop().now();
    const Span shared = target_.charge(bytes, now);
    const Span wait = std::max(shared, rate_ ? rate_->take(bytes, now) : Span(0));
    if (wait > Span(0)) machine_.hold_until(now + wait);
}

void WriteExchange::take(Bytes bytes) {
    pay(bytes.size());
    received_ += bytes.size();
    buffered_wire_ += bytes.size();
    if (!decoder_) return append(bytes);
    std::array<std::byte, 2048> text;
    while (!bytes.empty()) {
        const auto converted = decoder_->convert(bytes, text);
        append(std::span(text).first(converted.produced));
        bytes = bytes.subspan(converted.consumed);
    }
}

void WriteExchange::append(Bytes bytes) {
    if (buffer_.empty()) {
        const std::uint64_t expected = announced_.value_or(write_at_once) - std::min(received_, announced_.value_or(0));
        buffer_.reserve(
            static_cast<std::size_t>(std::min<std::uint64_t>(expected + blksize_, write_at_once + blksize_)));
    }
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void WriteExchange::write_if_worth_it() {
    const bool enough = complete_ || buffer_.size() >= write_at_once;
    if (writing_ || !target_ || !enough) return;
    const FlowPtr self = flow_.engine.find(flow_);
    if (!self) return;
    writing_ = true;
    flow_.engine.scope().start(write(self));
}

// Writes what is there as long as there is enough, and publishes at the end. Nothing else touches the target meanwhile.
net::Task<void> WriteExchange::write([[maybe_unused]] FlowPtr self) {
    while (!ending_ && !failure_ && (complete_ ? !buffer_.empty() : buffer_.size() >= write_at_once)) {
        auto bytes = std::exchange(buffer_, {});
        const std::size_t wire = std::exchange(buffered_wire_, 0);
        const auto stored = co_await target_.write_at(written_, bytes);
        if (!stored) {
            failure_ = stored.error();
            break;
        }
        written_ += bytes.size();
        if (buffer_.empty()) {  // the next blocks come into the same memory
            bytes.clear();
            buffer_ = std::move(bytes);
        }
        if (ending_) break;
        Effects effects;
        const Time now = flow_.engine.loop().now();
        machine_.written(now, wire, effects);
        apply(now, effects);
    }
    if (failure_ && !ending_) {
        fail_with(*failure_);
    } else if (complete_ && !ending_) {
        co_await commit();
    }
    if (ending_ && target_) {
        co_await UploadTarget::drop(std::move(target_), outcome_of(*ending_), {written_, std::move(buffer_)});
    }
    writing_ = false;
    if (machine_.ended()) rest();
}

net::Task<void> WriteExchange::commit() {
    if (decoder_) {
        std::array<std::byte, NewlineDecoder::max_owed> owed{};
        const std::size_t count = decoder_->finish(owed);
        if (count > 0) {
            const auto stored = co_await target_.write_at(written_, std::span(owed).first(count));
            if (!stored && !ending_) fail_with(stored.error());
            if (ending_) co_return;
        }
    }
    const bool other_size = announced_ && !decoder_ && *announced_ != received_;
    if (other_size && flow_.settings().write.tsize_strict) {
        co_return fail_with({Code::aborted, 0, "it has another size than announced"});
    }
    machine_.publishing();
    const auto published = co_await target_.publish();
    Effects effects;
    const Time now = flow_.engine.loop().now();
    machine_.committed(now, published ? std::nullopt : std::optional(refusal_for(published.error())), effects);
    apply(now, effects);
}

void WriteExchange::fail_with(const Error& error) {
    flow_.engine.server().commons().log.warning("tftp: {}", error.message);
    const Refusal refusal = refusal_for(error);
    Effects effects;
    machine_.cancel(Ending::io_error, refusal.code, refusal.text, effects, true);
    apply(flow_.engine.loop().now(), effects);
}

FilePlace WriteExchange::place() const {
    return path_ ? FilePlace{&*path_, flow_.policy->trees.front().user->filesystem.get()} : FilePlace();
}

void WriteExchange::end(Ending ending) {
    ending_ = ending;
    if (failure_ || !flow_.settings().write.keep_partial) buffer_ = {};
    const auto& counts = machine_.counts();
    metrics().add(Metric::tftp_data_received_total, TftpReceived::fresh, static_cast<std::int64_t>(counts.blocks));
    metrics().add(Metric::tftp_data_received_total, TftpReceived::duplicate,
                  static_cast<std::int64_t>(counts.duplicates));
    metrics().add(Metric::tftp_data_received_total, TftpReceived::ignored, counts.ignored);
    EndReport report{.ending = ending,
                     .place = place(),
                     .granted = terms(),
                     .bytes = received_,
                     .blocks = counts.blocks + counts.duplicates,
                     .repeated = counts.duplicates,
                     .duplicates = counts.duplicates,
                     .timeouts = counts.timeouts,
                     .gaps = counts.gaps,
                     .round_trip = machine_.round_trip()};
    add_words(report);
    tell_end(flow_, report);
    flow_.seat.leave();
    flow_.engine.settle();
    // A write that is under way drops the target when it is done.
    if (!writing_ && target_) {
        flow_.engine.scope().start(
            UploadTarget::drop(std::move(target_), outcome_of(ending), {written_, std::move(buffer_)}));
    }
}

}  // namespace wherry::tftp
