#include "tftp/read_exchange.h"

#include <algorithm>
#include <utility>

#include "tftp/ending.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::uint32_t ipv4_headers = 28;
constexpr std::uint32_t ipv6_headers = 48;

ReadMachine::Options machine_options(const Negotiated& granted, const ReadSource& source, const Flow& flow) {
    ReadMachine::Options options{.window = granted.window,
                                 .rollover = granted.rollover,
                                 .oack = !granted.oack.empty(),
                                 .asked_size = granted.asked_size,
                                 .fixed_rto = granted.fixed_rto,
                                 .seed = flow.jitter()};
    const auto fixed = flow.settings().rto_fixed;
    if (!options.fixed_rto && fixed.count() > 0) options.fixed_rto = fixed;
    if (source.size()) options.blocks = blocks_of_size(*source.size(), granted.blksize);
    return options;
}

}  // namespace

ReadExchange::ReadExchange(const FlowPtr& flow, const Negotiated& granted, ReadSource source, ChunkPtr whole)
    : MachineExchange(*flow, granted, machine_options(granted, source, *flow)),
      source_(std::move(source)),
      held_(std::move(whole)) {
    source_.begin();
    if (const auto rate = flow->settings().rate_per_transfer; rate != 0) rate_ = std::make_unique<SharedBucket>(rate);
    const std::uint32_t mtu = flow->engine.mtu_of(*flow);
    const std::uint32_t headers = flow->route.peer.is_ipv6() ? ipv6_headers : ipv4_headers;
    as_one_ =
        flow->settings().gso && granted.window > 1 && (mtu == 0 || granted.blksize + data_header + headers <= mtu);
}

ReadExchange::~ReadExchange() {
    if (!machine_.ended()) end(Ending::cancelled);
}

void ReadExchange::on_packet(Time now, Op op, Bytes packet) {
    if (op == Op::ack) {
        tell(now, [&](Effects& effects) { machine_.on_ack(now, *number_of(packet), effects); });
    } else if (op == Op::error) {
        const ReceivedError error = take_error(packet);
        tell(now, [&](Effects& effects) { machine_.on_error(now, error.code, effects); });
    }
}

void ReadExchange::on_timer(Time now) {
    tell(now, [&](Effects& effects) { machine_.on_timer(now, effects); });
}

void ReadExchange::ready() {
    const Time now = flow_.engine.loop().now();
    tell(now, [&](Effects& effects) { machine_.data_ready(now, effects); });
    if (held_ && !machine_.ended()) source_.read_ahead(flow_.engine, held_->number, when_ready());
}

void ReadExchange::apply(Time now, Effects& effects) {
    if (effects.heard) metrics().add(Metric::tftp_acks_total, *effects.heard);
    const bool may = may_answer(effects.oack || effects.data || effects.error);
    if (effects.oack && may) send_oack();
    if (machine_.verified() && !machine_.ended()) forget_oack();
    if (effects.data && may) send_range(now, *effects.data, effects);
    if (may) send_error(effects);
    if (effects.ended) return end(*effects.ended);
    if (const auto due = machine_.deadline()) flow_.wake_at(*due);
}

void ReadExchange::send_range(Time now, SendRange range, Effects& effects) {
    Outbox& outbox = flow_.tid->outbox;
    outbox.begin_run(flow_.route, blksize_, as_one_);
    std::uint64_t bytes = 0;
    std::int64_t packets = 0;
    for (std::uint64_t block = range.first; block <= range.last; ++block) {
        std::array<std::span<const std::byte>, 2> pieces;
        bool last = false;
        auto state = ReadSource::State::here;
        if (!piece((block - 1) * blksize_, blksize_, pieces, last, state)) {
            if (range.why == SendRange::Why::probe) {
                machine_.probe_starved();
            } else {
                machine_.starved(now, block);
            }
            if (state == ReadSource::State::waiting) {
                metrics().add(Metric::tftp_starved_total);
            } else if (state == ReadSource::State::changed) {
                machine_.cancel(Ending::changed, ErrorCode::undefined, "File changed", effects);
            } else {
                machine_.cancel(Ending::io_error, ErrorCode::undefined, "Internal error", effects);
            }
            break;
        }
        outbox.add_block(wire_number(block, machine_.rollover()), pieces[0], pieces[1]);
        const std::size_t size = pieces[0].size() + pieces[1].size();
        if (flow_.engine.server().traces()) trace_block(block, size);
        bytes += size;
        ++packets;
        if (last) {
            if (machine_.blocks() != block) machine_.ends_at(block);
            break;
        }
    }
    if (held_) outbox.keep(held_);
    metrics().add(Metric::tftp_data_packets_total, range.why, packets);
    if (range.why != SendRange::Why::first_time) return;
    const Span wait = std::max(source_.count(bytes), rate_ ? rate_->take(bytes, now) : Span(0));
    if (wait > Span(0)) machine_.hold_until(now + wait);
}

// Only its head is made up of bytes here; what follows does not matter.
void ReadExchange::trace_block(std::uint64_t block, std::size_t size) {
    std::vector<std::byte> packet(data_header + size);
    std::ranges::copy(data_head(wire_number(block, machine_.rollover())), packet.begin());
    flow_.engine.trace_out(flow_.route.peer, packet);
}

// The bytes of a block, which may lie in two chunks. False: they are not here, `state` says why.
bool ReadExchange::piece(std::uint64_t offset, std::size_t wanted, std::array<std::span<const std::byte>, 2>& out,
                         bool& end, ReadSource::State& state) {
    std::size_t got = 0;
    for (std::size_t i = 0; i < 2 && got < wanted; ++i) {
        if (source_.size() && offset + got >= *source_.size()) break;
        if (!held_ || !held_->has(offset + got)) {
            state = next_chunk(offset + got);
            if (state != ReadSource::State::here) return false;
        }
        const auto here = held_->span().subspan(std::min<std::size_t>(held_->size, (offset + got) - held_->offset));
        out[i] = here.first(std::min(wanted - got, here.size()));
        got += out[i].size();
        if (held_->last) break;
    }
    end = got < wanted;
    return true;
}

// Holds that chunk from now on. Blocks that are to be sent may still lie in the one before it: that one stays until
// they have gone.
ReadSource::State ReadExchange::next_chunk(std::uint64_t offset) {
    const auto tell_ready = when_ready();
    ChunkPtr fresh;
    const auto state = source_.get(flow_.engine, offset, fresh, tell_ready);
    if (state != ReadSource::State::here) return state;
    if (held_) flow_.tid->outbox.keep(held_);
    held_ = std::move(fresh);
    source_.read_ahead(flow_.engine, held_->number, tell_ready);
    return state;
}

std::function<void()> ReadExchange::when_ready() {
    return [weak = std::weak_ptr<Flow>(flow_.engine.find(flow_)), &loop = flow_.engine.loop()] {
        loop.post([weak] {
            const FlowPtr alive = weak.lock();
            if (alive && alive->state == Flow::State::running) static_cast<ReadExchange&>(*alive->exchange).ready();
        });
    };
}

Progress ReadExchange::progress() const {
    const std::uint64_t acknowledged = machine_.acknowledged() * blksize_;
    return {source_.size() ? std::min(*source_.size(), acknowledged) : acknowledged, source_.size()};
}

void ReadExchange::end(Ending ending) {
    const auto& counts = machine_.counts();
    metrics().add(Metric::tftp_data_repeated_total, static_cast<std::int64_t>(counts.repeated));
    if (ending == Ending::probe) metrics().add(Metric::tftp_probes_total);
    EndReport report{.ending = ending,
                     .place = source_.place(),
                     .granted = terms(),
                     .bytes = progress().bytes,
                     .blocks = counts.sent,
                     .repeated = counts.repeated,
                     .restarted = counts.restarted,
                     .probes = counts.probes,
                     .duplicates = counts.duplicates,
                     .timeouts = counts.timeouts,
                     .gaps = counts.restarts,
                     .round_trip = machine_.round_trip(),
                     .cached = source_.cached(progress().bytes)};
    add_words(report);
    tell_end(flow_, report);
    source_.close(flow_, outcome_of(ending), ending != Ending::probe);
    held_ = {};
    flow_.engine.bury(flow_);
}

}  // namespace wherry::tftp
