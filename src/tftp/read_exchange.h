#pragma once
// ReadExchange: a download. Drives the ReadMachine with bytes from the file, by way of the chunk cache.
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "access/throttle.h"
#include "access/transfer.h"
#include "tftp/chunk_cache.h"
#include "tftp/exchange.h"
#include "tftp/read_machine.h"

namespace wherry::tftp {

// What is sent: a file, as it is or as text, or bytes made for this request. Belongs to one loop.
class ReadSource {
public:
    struct File {
        TransferPtr transfer;
        const void* filesystem = nullptr;  // of which, for the cache
        bool text = false;
        bool abort_on_change = true;
    };
    ReadSource(Engine& engine, File file);
    explicit ReadSource(Engine& engine, ChunkPtr whole);  // made for this request
    ~ReadSource();
    ReadSource(const ReadSource&) = delete;
    ReadSource& operator=(const ReadSource&) = delete;

    // Bytes on the wire, where that is known.
    std::optional<std::uint64_t> size() const noexcept {
        return size_ == unknown ? std::nullopt : std::optional(size_);
    }
    // Reads all of a text to know its size; nullopt: that failed.
    net::Task<std::optional<std::uint64_t>> find_size();

    // The chunk of that number, if it is to be had without waiting; else null, and `ready` is called once it is worth
    // asking again, on whatever thread.
    enum class State : std::uint8_t { here, waiting, failed, changed };
    State get(std::uint64_t number, ChunkPtr& chunk, const std::function<void()>& ready);
    std::size_t chunk_size() const noexcept;

    Transfer& transfer() noexcept { return *transfer_; }
    // Bytes have gone over the wire; how long to wait before more.
    Span count(std::uint64_t bytes) { return transfer_ ? transfer_->count(bytes) : Span(0); }
    // What its event says of the client is made at the end, out of the flow that is given to close().
    void begin();
    // The only end. A load that is under way is waited for, by itself.
    static void close(std::unique_ptr<ReadSource> source, const Flow& flow, wherry::Outcome outcome, bool counts);

private:
    struct Checkpoint {
        std::uint64_t source = 0;
        NewlineEncoder encoder{Newlines::netascii};
    };
    // How a text is read: where each chunk begins in the file.
    struct Text {
        std::vector<Checkpoint> checkpoints{1};
    };
    // A worker reads from the file. Whoever closes the source meanwhile leaves it, and what became of it, here.
    struct Load {
        std::unique_ptr<ReadSource> closed;
        wherry::Outcome outcome;
    };
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};
    ContentKey key() const;
    Chunk new_chunk(std::uint64_t number) const;
    Result<bool> fill_at_once(Chunk& chunk);
    Result<bool> settle(Chunk& chunk, std::uint64_t offset, std::span<const std::byte> read, bool changed);
    net::Task<void> load(Chunk chunk, std::function<void()> ready);
    net::Task<Result<bool>> fill(Chunk& chunk);
    void remember(const Chunk& chunk);

    Engine& engine_;
    TransferPtr transfer_;
    ChunkPtr whole_;
    const void* filesystem_ = nullptr;
    std::uint64_t size_ = unknown;
    std::unique_ptr<Text> text_;  // null: no text
    Load* load_ = nullptr;        // the one under way
    State failure_ = State::here;
    bool abort_on_change_ = true;
    bool wants_session_ = false;
};

class ReadExchange final : public MachineExchange<ReadMachine> {
public:
    ReadExchange(const FlowPtr& flow, const Negotiated& granted, std::unique_ptr<ReadSource> source);
    ~ReadExchange() override;

    void on_packet(Time now, Op op, Bytes packet) override;
    void on_timer(Time now) override;
    bool over() const override { return machine_.ended(); }

private:
    void apply(Time now, Effects& effects) override;
    void send_range(Time now, SendRange range, Effects& effects);
    bool piece(std::uint64_t offset, std::size_t wanted, std::array<std::span<const std::byte>, 2>& out, bool& end,
               ReadSource::State& state);
    ReadSource::State next_chunk(std::uint64_t number);
    void ready();
    void end(Ending ending);

    std::unique_ptr<ReadSource> source_;
    ChunkPtr held_;                       // the one that was sent from last
    std::unique_ptr<SharedBucket> rate_;  // of this download alone; null: none
    bool as_one_;
};

}  // namespace wherry::tftp
