#pragma once
// What downloads and uploads have in common: what happens is told to the machine of the transfer, and then what the
// machine wants is done.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "observe/metrics.h"
#include "tftp/ending.h"
#include "tftp/engine.h"
#include "tftp/options.h"
#include "tftp/server.h"

namespace wherry::tftp {

template <class Machine>
class MachineExchange : public Exchange {
public:
    void start(Time now) {
        tell(now, [&](Effects& effects) { machine_.start(now, effects); });
    }
    void on_duplicate_request(Time now) final {
        tell(now, [&](Effects& effects) { machine_.on_duplicate_request(now, effects); });
    }
    void on_unreachable(Time now) final {
        said().peer_error = "unreachable";
        tell(now, [&](Effects& effects) { machine_.on_unreachable(effects); });
    }
    void cancel(Ending ending, ErrorCode code, std::string_view text) final {
        tell(flow_.engine.loop().now(), [&](Effects& effects) {
            machine_.cancel(ending, code, text, effects);
            if (ending == Ending::superseded) effects.error.reset();
        });
    }
    bool verified() const final { return machine_.verified(); }
    Time last_heard() const final { return machine_.last_heard(); }

protected:
    // `rest`: what the machine wants beside its options and the times.
    template <class... Rest>
    MachineExchange(Flow& flow, const Negotiated& granted, const typename Machine::Options& options, Rest&&... rest)
        : flow_(flow),
          machine_(options, flow.settings().timing, std::forward<Rest>(rest)...),
          blksize_(granted.blksize) {
        if (!granted.oack.empty()) words_ = std::make_unique<Words>(Words{granted.oack, {}});
        metrics().add(Metric::tftp_transfers, direction_of(flow));
    }

    template <class Event>
    void tell(Time now, Event event) {
        Effects effects;
        event(effects);
        apply(now, effects);
    }
    virtual void apply(Time now, Effects& effects) = 0;

    // The first part of apply(): a client that lives, and whether one that has not been heard of may be answered.
    bool may_answer(bool words) {
        if (machine_.verified()) flow_.seat.verify();
        return machine_.verified() || !words || flow_.engine.unverified_reply(flow_);
    }
    void send_error(const Effects& effects) {
        if (!effects.error) return;
        flow_.engine.count_error(effects.error->code);
        note({static_cast<std::uint16_t>(effects.error->code), effects.error->text, false});
        flow_.send(error_packet(effects.error->code, effects.error->text));
    }
    ReceivedError take_error(Bytes packet) {
        const ReceivedError error = parse_error(packet);
        said().peer_error = error.text;
        note({error.code, error.text, true});
        metrics().add(Metric::tftp_errors_received_total, tftp_code(error.code));
        return error;
    }
    Metrics& metrics() noexcept { return flow_.engine.server().commons().metrics; }

    // Only if Effects::oack says so.
    void send_oack() { flow_.send(words_->oack); }
    // The OACK will not be sent any more: from here on a transfer has no words, but for what is told at its end.
    void forget_oack() noexcept { words_.reset(); }
    std::string_view oack() const noexcept { return words_ ? std::string_view(words_->oack) : std::string_view(); }
    // Of the words that were said, what is told at the end.
    void add_words(EndReport& report) const {
        if (!words_ || !words_->said) return;
        report.peer_error = words_->said->peer_error;
        report.error = words_->said->error;
    }

    Flow& flow_;
    [[no_unique_address]] Machine machine_;
    const std::uint16_t blksize_;  // mostly in a place that alignment leaves in the machine

private:
    struct Said {
        std::string peer_error;                 // what the client said of an error; empty: nothing
        std::optional<event::TftpError> error;  // the first of either side
    };
    struct Words {
        std::string oack;
        std::unique_ptr<Said> said;  // null: no error yet
    };
    Said& said() {
        if (!words_) words_ = std::make_unique<Words>();
        if (!words_->said) words_->said = std::make_unique<Said>();
        return *words_->said;
    }
    void note(event::TftpError error) {
        if (!said().error) said().error = std::move(error);
    }
    std::unique_ptr<Words> words_;
};

}  // namespace wherry::tftp
