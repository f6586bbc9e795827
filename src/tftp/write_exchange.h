#pragma once
// WriteExchange: an upload. Takes the bytes of the WriteMachine and has workers write them, many blocks at once.
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "access/throttle.h"
#include "core/newline.h"
#include "tftp/ending.h"
#include "tftp/exchange.h"
#include "tftp/upload_target.h"
#include "tftp/write_machine.h"

namespace wherry::tftp {

class WriteExchange final : public MachineExchange<WriteMachine>, WriteMachine::Sink {
public:
    WriteExchange(const FlowPtr& flow, const Request& request, const Negotiated& granted, UploadTarget target);
    ~WriteExchange() override;

    void tell_start() { tftp::tell_start(flow_, place(), terms(), oack()); }
    void on_packet(Time now, Op op, Bytes packet) override;
    void on_timer(Time now) override;
    bool over() const override { return ending_.has_value(); }
    Progress progress() const override { return {received_, announced_}; }

private:
    Terms terms() const { return {blksize_, window_, announced_}; }
    FilePlace place() const;
    void take(Bytes bytes) override;
    void on_data(Time now, Bytes packet, Effects& effects);
    void append(Bytes bytes);
    void pay(std::uint64_t bytes);
    void apply(Time now, Effects& effects) override;
    void write_if_worth_it();
    net::Task<void> write(FlowPtr self);
    net::Task<void> commit();
    void fail_with(const Error& error);
    void end(Ending ending);
    void rest();

    const std::uint16_t window_;
    const std::optional<std::uint64_t> announced_;  // how many bytes will come
    const std::optional<Path> path_;                // none: a sink of the program's has it
    const std::uint64_t most_bytes_;                // 0: any amount
    UploadTarget target_;
    std::unique_ptr<SharedBucket> rate_;     // of this upload alone; null: none
    std::optional<NewlineDecoder> decoder_;  // of text
    std::vector<std::byte> buffer_;
    std::uint64_t received_ = 0;     // bytes on the wire
    std::uint64_t written_ = 0;      // bytes in the target
    std::size_t buffered_wire_ = 0;  // bytes on the wire that the buffer stands for
    std::optional<Error> failure_;
    std::optional<Ending> ending_;
    bool complete_ = false;  // all is in the buffer
    bool writing_ = false;
};

}  // namespace wherry::tftp
