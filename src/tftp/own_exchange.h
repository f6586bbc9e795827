#pragma once
// OwnExchange: a conversation of the program's own (TftpExchange) as a transfer
// among the others: it has a port, a place, limits, an end that is told. The
// program's object is called by workers, one call after the other.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "net/task.h"
#include "tftp/ending.h"
#include "tftp/flow.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

class OwnExchange final : public Exchange {
public:
    static constexpr std::size_t most_waiting = 64;  // packets for a program that is busy; more are lost
    static constexpr std::size_t most_waiting_bytes = std::size_t{256} << 10U;
    static constexpr int most_unheard = 4;              // packets to a client that has given no sign of life
    static constexpr std::chrono::seconds unheard{15};  // so long it is waited for
    static constexpr std::chrono::hours longest_wake{24};

    OwnExchange(const FlowPtr& flow, std::shared_ptr<TftpExchange> program);
    ~OwnExchange() override;

    void tell_start() { tftp::tell_start(flow_, {}, {}, {}); }
    void start(Time now);
    bool has_own_packets() const override { return true; }
    void on_packet(Time now, Op op, Bytes packet) override;
    void on_duplicate_request(Time now) override;
    void on_unreachable(Time now) override;
    void on_timer(Time now) override;
    void cancel(Ending ending, ErrorCode code, std::string_view text) override;
    bool verified() const override { return verified_; }
    Time last_heard() const override { return heard_; }
    Progress progress() const override;
    bool over() const override { return ending_.has_value(); }

private:
    enum class Due : std::uint8_t { nothing, start, timer };
    void call();
    net::Task<void> work(FlowPtr self);
    net::Task<Result<TftpExchange::Next>> next_call();
    static net::Task<void> farewell(Engine& engine, std::shared_ptr<TftpExchange> program, Code cause);
    void follow(const TftpExchange::Next& next);
    void send(const std::string& packet);
    void say_error(ErrorCode code, std::string_view text);
    Time silence_over() const;
    void set_timer();
    void end(Ending ending, std::optional<Code> cause = std::nullopt);
    void rest();
    Metrics& metrics() noexcept;

    Flow& flow_;
    std::shared_ptr<TftpExchange> program_;
    std::deque<std::string> waiting_;  // packets that it has not seen
    std::size_t waiting_bytes_ = 0;
    std::string first_;  // what was sent first, as long as the client has not been
                         // heard of
    std::string peer_error_;
    std::uint64_t received_ = 0;  // bytes
    std::uint64_t sent_ = 0;
    std::uint64_t packets_ = 0;  // that were sent
    Time heard_;
    Time sent_at_;
    std::optional<Time> alarm_;  // that it wants
    std::optional<Ending> ending_;
    Code cause_ = Code::ok;
    int repeats_ = 0;
    Due due_ = Due::nothing;
    bool busy_ = false;
    bool verified_ = false;
    bool said_too_much_ = false;  // to the log
};

}  // namespace wherry::tftp
