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
class ReadSource : public std::enable_shared_from_this<ReadSource> {
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
    std::optional<std::uint64_t> size() const noexcept { return size_; }
    // Reads all of a text to know its size; nullopt: that failed.
    net::Task<std::optional<std::uint64_t>> find_size();

    // The chunk of that number, if it is to be had without waiting; else null, and `ready` is called on this loop
    // once it is worth asking again. `ready` must stay callable.
    enum class State : std::uint8_t { here, waiting, failed, changed };
    State get(std::uint64_t number, ChunkPtr& chunk, const std::function<void()>& ready);
    std::size_t chunk_size() const noexcept;

    Transfer& transfer() noexcept { return *transfer_; }
    // Bytes have gone over the wire; how long to wait before more.
    Span count(std::uint64_t bytes) { return transfer_ ? transfer_->count(bytes) : Span(0); }
    // The only end. Waits for a load that is under way, on its own.
    void close(wherry::Outcome outcome, bool counts);

private:
    struct Checkpoint {
        std::uint64_t source = 0;
        NewlineEncoder encoder{Newlines::netascii};
    };
    static constexpr std::uint64_t none = ~std::uint64_t{0};
    Chunk new_chunk(std::uint64_t number) const;
    Result<bool> fill_at_once(Chunk& chunk);
    Result<bool> settle(Chunk& chunk, std::uint64_t offset, std::span<const std::byte> read, bool changed);
    net::Task<void> load(std::shared_ptr<ReadSource> self, Chunk chunk, std::function<void()> ready);
    net::Task<Result<bool>> fill(Chunk& chunk);
    void remember(const Chunk& chunk);

    Engine& engine_;
    TransferPtr transfer_;
    ChunkPtr whole_;
    ContentKey key_;
    bool text_ = false;
    bool abort_on_change_ = true;
    std::optional<std::uint64_t> size_;
    std::vector<Checkpoint> checkpoints_;  // of text: where each chunk begins in the file
    bool loading_ = false;                 // a worker reads from the file
    std::optional<wherry::Outcome> closing_;
    State failure_ = State::here;
};

class ReadExchange final : public MachineExchange<ReadMachine> {
public:
    ReadExchange(const FlowPtr& flow, const Negotiated& granted, std::shared_ptr<ReadSource> source);
    ~ReadExchange() override;

    void on_packet(Time now, Op op, Bytes packet) override;
    void on_timer(Time now) override;
    bool over() const override { return machine_.ended(); }

private:
    void apply(Time now, Effects& effects) override;
    void send_range(Time now, SendRange range, Effects& effects);
    bool piece(std::uint64_t offset, std::size_t wanted, std::array<std::span<const std::byte>, 2>& out, bool& end,
               ReadSource::State& state);
    void ready();
    void end(Ending ending);

    std::shared_ptr<ReadSource> source_;
    std::function<void()> ready_;
    std::array<ChunkPtr, 2> held_;
    Throttle rate_;  // of this download alone
    bool as_one_;
};

}  // namespace wherry::tftp
