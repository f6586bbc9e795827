// The two exchange machines under any order of events. Input: a byte of options, then events of two bytes each.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "tftp/read_machine.h"
#include "tftp/write_machine.h"

namespace {

using namespace wherry::tftp;
using wherry::fuzz::require;

constexpr Time start{std::chrono::hours(1)};
const Timing timing;

Span pause_of(std::uint8_t byte) {
    return byte < 128 ? Span(std::chrono::microseconds(byte * 37)) : Span(std::chrono::milliseconds((byte - 127) * 20));
}

void drive_reader(wherry::fuzz::Input& input, std::uint8_t options) {
    const std::uint64_t blocks = 1 + (options & 63U);
    ReadMachine machine({.window = static_cast<std::uint16_t>(1U << (options >> 6U)),
                         .oack = (options & 32) != 0,
                         .blocks = (options & 16) != 0 ? blocks : ReadMachine::unknown},
                        timing);
    const std::uint64_t window = 1U << (options >> 6U);
    Time now = start;
    bool ended = false;
    const auto check = [&](const Effects& effects) {
        require(!(ended && (effects.ended || effects.data || effects.oack || effects.error)), "an end is the end");
        if (effects.ended) ended = true;
        require(ended == machine.ended(), "the end is told");
        if (!effects.data) return;
        require(effects.data->first >= 1 && effects.data->first <= effects.data->last, "a range has blocks");
        require(effects.data->last <= machine.acknowledged() + window, "nothing beyond the window is sent");
        if (effects.data->last >= blocks && machine.blocks() == ReadMachine::unknown) machine.ends_at(blocks);
    };
    Effects first;
    machine.start(now, first);
    check(first);
    while (!input.empty()) {
        const std::uint8_t what = input.byte();
        const std::uint8_t value = input.byte();
        Effects effects;
        switch (what % 6) {
            case 0: machine.on_ack(now, value, effects); break;
            case 1: now += pause_of(value); break;
            case 2:
                now = std::max(now, machine.deadline().value_or(now));
                machine.on_timer(now, effects);
                break;
            case 3: machine.on_duplicate_request(now, effects); break;
            case 4: machine.data_ready(now, effects); break;
            case 5:
                if (value == 0) machine.on_error(now, value, effects);
                break;
        }
        check(effects);
        if (!effects.data || what % 16 != 8 || machine.ended()) continue;
        if (effects.data->why == SendRange::Why::probe) {
            machine.probe_starved();
        } else {
            machine.starved(now, effects.data->first);
        }
    }
    // Left alone, it ends.
    for (int i = 0; i < 1000 && !machine.ended(); ++i) {
        Effects effects;
        now = std::max(now, machine.deadline().value_or(now));
        machine.on_timer(now, effects);
        check(effects);
    }
    require(machine.ended(), "every transfer ends");
    require(now - start < std::chrono::hours(3), "within a time");
}

class Counter final : public WriteMachine::Sink {
public:
    std::size_t bytes = 0;

private:
    void take(Bytes more) override { bytes += more.size(); }
};

void drive_writer(wherry::fuzz::Input& input, std::uint8_t options) {
    ReorderBudget budget;
    {
        WriteMachine machine({.blksize = 8,
                              .window = static_cast<std::uint16_t>(1U << (options >> 6U)),
                              .oack = (options & 32) != 0,
                              .write_queue = 64},
                             timing, budget);
        Counter sink;
        const std::uint64_t window = 1U << (options >> 6U);
        Time now = start;
        Time held = start;
        std::uint64_t acked = 0;
        bool ended = false;
        const auto check = [&](const Effects& effects) {
            require(!(ended && effects.ended), "an end is told once");
            if (effects.ended) ended = true;
            const bool receives = machine.received() > 0 && !machine.committing() && !machine.dallying();
            require(!(effects.ack && receives && now < held), "no ACK before the rate allows it");
            if (effects.ack) acked = machine.received();
            require(machine.received() <= acked + window, "nothing beyond the window is taken");
            require(sink.bytes <= machine.received() * 8, "no more than the blocks held is taken");
        };
        Effects first;
        machine.start(now, first);
        while (!input.empty()) {
            const std::uint8_t what = input.byte();
            const std::uint8_t value = input.byte();
            const std::string payload(what % 3 == 0 ? value % 10U : 8U, 'x');
            Effects effects;
            switch (what % 8) {
                case 0:
                case 1:
                case 2: machine.on_data(now, value, bytes_of(payload), sink, effects); break;
                case 3: now += pause_of(value); break;
                case 4:
                    now = std::max(now, machine.deadline().value_or(now));
                    machine.on_timer(now, effects);
                    break;
                case 5: machine.on_duplicate_request(now, effects); break;
                case 6:
                    if (what >= 128) {
                        held = now + pause_of(value);
                        machine.hold_until(held);
                    } else {
                        machine.written(now, value, effects);
                    }
                    break;
                case 7:
                    if (machine.committing()) machine.committed(now, std::nullopt, effects);
                    break;
            }
            check(effects);
        }
    }
    require(budget.left == ReorderBudget().left, "memory for early blocks is given back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, std::min<std::size_t>(size, 4096));
    const std::uint8_t options = input.byte();
    const bool write = (input.byte() & 1) != 0;
    if (write) {
        drive_writer(input, options);
    } else {
        drive_reader(input, options);
    }
    return 0;
}
