#include "tftp/client.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/text.h"
#include "net/scope.h"
#include "tftp/options.h"
#include "tftp/outbox.h"
#include "tftp/read_machine.h"
#include "tftp/write_machine.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t datagrams_a_call = 32;

Code code_of(std::uint16_t error) {
    switch (static_cast<ErrorCode>(error)) {
        case ErrorCode::not_found: return Code::not_found;
        case ErrorCode::access: return Code::denied;
        case ErrorCode::disk_full: return Code::no_space;
        case ErrorCode::exists: return Code::exists;
        default: return Code::aborted;
    }
}

// One transfer: a socket, and a loop of its own that is turned until the end.
class Conversation final : WriteMachine::Sink {
public:
    Conversation(net::Datagrams& datagrams, const net::Address& server, const ClientOptions& options,
                 const ClientFile& file, Op op)
        : loop_(clock_),
          options_(options),
          file_(file),
          op_(op),
          window_(options.windowsize),
          arrivals_(datagrams_a_call) {
        route_.peer = server;
        const net::Address any = server.is_ipv6() ? net::Address::any(0) : net::Address::any_ipv4(0);
        auto socket = datagrams.open(loop_, any, {.many_at_once = true, .receive_buffer = 1 << 22U});
        if (!socket) {
            end_ = fail(std::move(socket.error()));
            return;
        }
        socket_ = std::move(*socket);
        // A window that does not fit into the receive buffer would lose its end each time.
        const std::size_t fits = std::max<std::size_t>(1, socket_->receive_room() / (options.blksize + data_header));
        if (op == Op::rrq) window_ = static_cast<std::uint16_t>(std::min<std::size_t>(window_, fits));
        outbox_ = std::make_unique<Outbox>(*socket_);
    }

    Result<ClientResult> run() {
        if (!end_) ask();
        while (!end_) turn();
        if (outbox_) outbox_->flush();
        while (waiting_) {
            socket_->watch().signal(true, false);
            loop_.turn(Span(0));
        }
        return std::move(*end_);
    }

private:
    void give_up(Error error) {
        if (!end_) end_ = fail(std::move(error));
    }

    // --- the request and its first answer

    std::string request() const {
        std::vector<std::pair<std::string, std::string>> texts;
        if (options_.blksize != default_blksize) texts.emplace_back("blksize", std::to_string(options_.blksize));
        const bool read = op_ == Op::rrq;
        if (window_ != 1) texts.emplace_back("windowsize", std::to_string(window_));
        if (options_.tsize && (read || file_.size)) {
            texts.emplace_back("tsize", std::to_string(read ? 0 : *file_.size));
        }
        std::vector<OptionPair> pairs;
        for (const auto& [name, value] : texts) pairs.push_back({name, value});
        return request_packet(op_, options_.name, Mode::octet, pairs);
    }

    void ask() {
        if (++asked_ > options_.tries) {
            return give_up({Code::timeout, 0, route_.peer.text() + " does not answer"});
        }
        outbox_->add(route_, request());
        ask_again_ = clock_.now() + options_.timeout;
    }

    void first_answer(Time now, const net::Address& from, Op op, Bytes packet) {
        if (!from.same_host(route_.peer)) return;
        Request granted;
        if (op == Op::error) return refused(packet);
        const bool invited = op == Op::oack || (op_ == Op::rrq ? op == Op::data : op == Op::ack);
        if (!invited) return;
        if (op == Op::oack && (!parse_oack(packet, granted) || !take_options(granted))) {
            outbox_->add({from, {}, 0}, error_packet(ErrorCode::option, "Option negotiation failed"));
            return give_up({Code::invalid, 0, "the server grants what was not asked for"});
        }
        route_.peer = from;
        ask_again_.reset();
        timing_.stall = options_.stall;
        timing_.data_repeats = timing_.oack_repeats = 20;
        Effects effects;
        if (op_ == Op::rrq) {
            writer_ = std::make_unique<WriteMachine>(
                WriteMachine::Options{
                    .blksize = result_.blksize, .window = result_.window, .silent_start = op == Op::data},
                timing_, budget_);
            writer_->start(now, effects);
            apply(now, effects);
            if (op == Op::data) on_packet(now, from, op, packet);
        } else {
            ReadMachine::Options machine{.window = result_.window};
            if (file_.size) machine.blocks = blocks_of_size(*file_.size, result_.blksize);
            reader_ = std::make_unique<ReadMachine>(machine, timing_);
            block_.resize(result_.blksize);
            reader_->start(now, effects);
            apply(now, effects);
        }
    }

    bool take_options(const Request& granted) {
        for (const OptionPair& pair : granted.options) {
            const auto value = parse_u63(pair.value);
            if (iequals(pair.name, "blksize")) {
                if (!value || *value < least_blksize || *value > options_.blksize) return false;
                result_.blksize = static_cast<std::uint16_t>(*value);
            } else if (iequals(pair.name, "windowsize")) {
                if (!value || *value < 1 || *value > window_) return false;
                result_.window = static_cast<std::uint16_t>(*value);
            } else if (iequals(pair.name, "tsize")) {
                if (!value) return false;
                if (op_ == Op::rrq) progress_.size = *value;
            } else {
                return false;
            }
        }
        return true;
    }

    void refused(Bytes packet) {
        const ReceivedError error = parse_error(packet);
        give_up({code_of(error.code), 0, "the server says: " + (error.text.empty() ? "no" : error.text)});
    }

    // --- packets

    void turn() {
        const auto due = deadline();
        const auto wait = due ? *due - clock_.now() : Span(std::chrono::seconds(1));
        if (!end_) {
            watch();
            loop_.turn(std::max<Span>(wait, Span(0)));
        }
        const Time now = clock_.now();
        for (std::size_t count = socket_->try_receive(arrivals_); count > 0 && !end_;
             count = socket_->try_receive(arrivals_)) {
            for (std::size_t i = 0; i < count && !end_; ++i) cut(now, arrivals_[i]);
            outbox_->flush();
        }
        if (socket_->try_unreachable()) give_up({Code::reset, 0, "nobody listens at " + route_.peer.text()});
        if (!end_ && deadline() && *deadline() <= now) on_timer(now);
        outbox_->flush();
    }

    // Has the loop wait for the socket, once.
    void watch() {
        if (waiting_) return;
        waiting_ = true;
        scope_.start(watch_once());
    }
    net::Task<void> watch_once() {
        co_await socket_->watch().readable();
        waiting_ = false;
    }

    void cut(Time now, const net::Arrival& arrival) {
        net::each_datagram(arrival, [&](Bytes packet) {
            const auto op = opcode_of(packet);
            if (op && !end_) on_packet(now, arrival.peer, static_cast<Op>(*op), packet);
        });
    }

    void on_packet(Time now, const net::Address& from, Op op, Bytes packet) {
        if (!reader_ && !writer_) return first_answer(now, from, op, packet);
        if (!(from == route_.peer)) return;
        if (op == Op::error) return refused(packet);
        if (packet.size() < data_header) return;
        Effects effects;
        if (writer_ && op == Op::data) {
            writer_->on_data(now, *number_of(packet), packet.subspan(data_header), *this, effects);
            writer_->written(now, std::exchange(taken_, 0), effects);  // nothing waits: the file takes it at once
        } else if (reader_ && op == Op::ack) {
            reader_->on_ack(now, *number_of(packet), effects);
        } else {
            return;
        }
        apply(now, effects);
    }

    void on_timer(Time now) {
        if (ask_again_) return ask();
        Effects effects;
        if (writer_) writer_->on_timer(now, effects);
        if (reader_) reader_->on_timer(now, effects);
        apply(now, effects);
    }

    std::optional<Time> deadline() const {
        if (ask_again_) return ask_again_;
        return writer_ ? writer_->deadline() : reader_ ? reader_->deadline() : std::nullopt;
    }

    void apply(Time now, Effects& effects) {
        if (effects.ack) outbox_->add(route_, ack_packet(*effects.ack));
        if (effects.data) send(effects);
        if (effects.error) outbox_->add(route_, error_packet(effects.error->code, effects.error->text));
        if (effects.commit && !end_) {
            Effects last;
            writer_->committed(now, std::nullopt, last);
            return apply(now, last);
        }
        if (effects.ended) ended(*effects.ended);
    }

    void ended(Ending ending) {
        if (end_) return;
        result_.bytes = progress_.bytes;
        if (ending == Ending::ok || ending == Ending::ok_unconfirmed) {
            end_ = result_;
        } else {
            give_up({ending == Ending::timeout || ending == Ending::unverified ? Code::timeout : Code::aborted, 0,
                     "the transfer ended: " + std::string(name_of(ending))});
        }
    }

    // --- the file

    void take(Bytes bytes) override {
        if (end_) return;
        if (auto written = file_.write(bytes); !written) {
            outbox_->add(route_, error_packet(ErrorCode::disk_full, "Disk full or allocation exceeded"));
            return give_up(std::move(written.error()));
        }
        taken_ += bytes.size();
        advance(bytes.size());
    }

    void send(Effects& effects) {
        const SendRange range = *effects.data;
        for (std::uint64_t block = range.first; block <= range.last; ++block) {
            const auto got = file_.read((block - 1) * result_.blksize, block_);
            if (!got) {
                reader_->cancel(Ending::io_error, ErrorCode::undefined, "Internal error", effects);
                return give_up(got.error());
            }
            std::string packet;
            append_u16(packet, static_cast<std::uint16_t>(Op::data));
            append_u16(packet, wire_number(block, 0));
            packet.append(reinterpret_cast<const char*>(block_.data()), *got);
            outbox_->add(route_, packet);
            if (block > furthest_) {
                furthest_ = block;
                advance(*got);
            }
            if (*got < result_.blksize) {
                if (reader_->blocks() != block) reader_->ends_at(block);
                return;
            }
        }
    }

    void advance(std::size_t bytes) {
        progress_.bytes += bytes;
        if (op_ == Op::wrq) progress_.size = file_.size;
        if (file_.progress) file_.progress(progress_);
    }

    SteadyClock clock_;
    net::Loop loop_;
    net::Scope scope_{loop_};
    const ClientOptions& options_;
    const ClientFile& file_;
    const Op op_;
    std::uint16_t window_;  // asked for
    Route route_;
    net::DatagramSocketPtr socket_;
    std::unique_ptr<Outbox> outbox_;
    std::vector<net::Arrival> arrivals_;
    ReorderBudget budget_;
    Timing timing_;
    std::unique_ptr<WriteMachine> writer_;
    std::unique_ptr<ReadMachine> reader_;
    std::vector<std::byte> block_;
    std::uint64_t furthest_ = 0;
    std::size_t taken_ = 0;  // bytes of the packet at hand
    std::optional<Time> ask_again_;
    int asked_ = 0;
    bool waiting_ = false;
    ClientProgress progress_;
    ClientResult result_;
    std::optional<Result<ClientResult>> end_;
};

}  // namespace

Result<ClientResult> fetch(net::Datagrams& datagrams, const net::Address& server, const ClientOptions& options,
                           const ClientFile& file) {
    return Conversation(datagrams, server, options, file, Op::rrq).run();
}

Result<ClientResult> store(net::Datagrams& datagrams, const net::Address& server, const ClientOptions& options,
                           const ClientFile& file) {
    return Conversation(datagrams, server, options, file, Op::wrq).run();
}

}  // namespace wherry::tftp
