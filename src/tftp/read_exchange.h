#pragma once
// ReadExchange: a download. Drives the ReadMachine with bytes from the file, by way of the chunk cache.
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "access/throttle.h"
#include "access/transfer.h"
#include "tftp/chunk_cache.h"
#include "tftp/content.h"
#include "tftp/ending.h"
#include "tftp/exchange.h"
#include "tftp/read_machine.h"

namespace wherry::tftp {

// What is sent: a file, or what a handler gives, as it is or as text. Belongs to one loop, which is that of the engine
// it is given. Moved only until it is asked for chunks.
class ReadSource {
public:
    struct File {
        TransferPtr transfer;
        const void* filesystem = nullptr;  // of which, for the cache
        bool text = false;
        bool abort_on_change = true;
        Newlines newlines = Newlines::netascii;  // of text
    };
    explicit ReadSource(File file);
    ReadSource(ContentPtr content, bool text);
    // Of that many bytes which were made for this request: whoever sends them has them as one chunk and asks for none.
    explicit ReadSource(std::uint64_t size) noexcept : size_(size) {}
    ReadSource(ReadSource&&) noexcept = default;

    // Bytes on the wire, where that is known.
    std::optional<std::uint64_t> size() const noexcept {
        return size_ == unknown ? std::nullopt : std::optional(size_);
    }
    // Bytes before they become text, where that is known.
    std::optional<std::uint64_t> source_size() const noexcept {
        return transfer_ ? std::optional(transfer_->size()) : content() != nullptr ? content()->size() : std::nullopt;
    }
    // Reads all of a text to know its size; nullopt: that failed.
    net::Task<std::optional<std::uint64_t>> find_size(Engine& engine);

    // Bytes from `offset` on, if they are to be had without waiting; else null, and `ready` is called once it is worth
    // asking again, on whatever thread.
    enum class State : std::uint8_t { here, waiting, failed, changed };
    State get(Engine& engine, std::uint64_t offset, ChunkPtr& chunk, const std::function<void()>& ready);
    // Bytes of that chunk are sent now. Where workers have to load chunks, one loads the next that is not here; `ready`
    // as above.
    void read_ahead(Engine& engine, std::uint64_t number, const std::function<void()>& ready);
    std::size_t chunk_size(Engine& engine) const noexcept;

    FilePlace place() const noexcept { return transfer_ ? FilePlace{&transfer_->path(), filesystem_} : FilePlace(); }
    // Of that many bytes that were sent, the part that had not to be read for this download; nullopt: nothing was sent,
    // or they never come from the cache.
    std::optional<double> cached(std::uint64_t bytes) const noexcept;
    // Bytes have gone over the wire; how long to wait before more.
    Span count(std::uint64_t bytes) { return transfer_ ? transfer_->count(bytes) : Span(0); }
    // What its event says of the client is made at the end, out of the flow that is given to close().
    void begin();
    // The only end. A load that is under way goes on and ends by itself.
    void close(const Flow& flow, wherry::Outcome outcome, bool counts);

private:
    struct Checkpoint {
        std::uint64_t source = 0;
        NewlineEncoder encoder;
    };
    // How a text is read: where each chunk begins in the file.
    struct Text {
        Newlines newlines;
        std::vector<Checkpoint> checkpoints;
    };
    // What a plain file has not, so that it takes no room there.
    struct Special {
        ContentPtr content;          // of a handler; null: it is a file
        std::unique_ptr<Text> text;  // null: no text
    };
    // How a chunk is read, whatever becomes of its source meanwhile.
    struct Way {
        Transfer* transfer = nullptr;  // null: it is `content`
        ContentPtr content;
        bool text = false;
        std::optional<Checkpoint> from;  // of a text
        std::uint64_t size = 0;          // on the wire; unknown: it is found at the end
        bool abort_on_change = true;
    };
    // A worker reads from the file.
    struct Load {
        ReadSource* source;    // null: it was closed meanwhile, and has left the rest
        TransferPtr transfer;  // to be ended
        wherry::Outcome outcome;
    };
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    ContentKey key() const;
    Way way(std::uint64_t number) const;
    Chunk new_chunk(Engine& engine, std::uint64_t number) const;
    static Result<bool> fill_at_once(const Way& way, Chunk& chunk);
    static Result<bool> settle(const Way& way, Chunk& chunk, std::size_t read, bool changed);
    static net::Task<void> load(Engine& engine, ReadSource& source, Chunk chunk, std::function<void()> ready);
    static net::Task<Result<bool>> fill(Engine& engine, const Way& way, Chunk& chunk);
    static net::Task<Result<bool>> fill_text(Engine& engine, const Way& way, Chunk& chunk);
    static net::Task<Result<Transfer::Part>> part(Engine& engine, const Way& way, std::uint64_t offset,
                                                  std::span<std::byte> into);
    std::optional<State> pass(Engine& engine, std::uint64_t offset, ChunkPtr& chunk);
    State load_at_once(Engine& engine, const ContentKey& content, std::uint64_t number, ChunkPtr& chunk,
                       const std::function<void()>& ready);
    bool ends_in_memory(Engine& engine, std::uint64_t number);
    void remember(const Chunk& chunk);
    void sent_from(Engine& engine, std::uint64_t number);

    Content* content() const noexcept { return special_ ? special_->content.get() : nullptr; }
    Text* text() const noexcept { return special_ ? special_->text.get() : nullptr; }

    TransferPtr transfer_;  // null: no file; and no Content either: it is one chunk
    const void* filesystem_ = nullptr;
    std::uint64_t size_ = unknown;
    std::uint64_t read_ = 0;  // bytes, for this download, as they go over the wire
    std::unique_ptr<Special> special_;
    Load* load_ = nullptr;            // the one under way
    std::uint32_t passed_ = nowhere;  // the chunk that it reads past the cache
    std::uint32_t ahead_ = 0;         // the furthest chunk that was to be read ahead
    State failure_ = State::here;
    bool abort_on_change_ = true;
    bool wants_session_ = false;
    bool by_worker_ = false;  // the last load of its own had to wait
};

class ReadExchange final : public MachineExchange<ReadMachine> {
public:
    // `whole`: of a source that is no file.
    ReadExchange(const FlowPtr& flow, const Negotiated& granted, ReadSource source, ChunkPtr whole);
    ~ReadExchange() override;

    void tell_start() { tftp::tell_start(flow_, source_.place(), terms(), oack()); }
    void on_packet(Time now, Op op, Bytes packet) override;
    void on_timer(Time now) override;
    bool over() const override { return machine_.ended(); }
    Progress progress() const override;

private:
    Terms terms() const { return {blksize_, machine_.window(), source_.size()}; }
    void apply(Time now, Effects& effects) override;
    void trace_block(std::uint64_t block, std::size_t size);
    void send_range(Time now, SendRange range, Effects& effects);
    bool piece(std::uint64_t offset, std::size_t wanted, std::array<std::span<const std::byte>, 2>& out, bool& end,
               ReadSource::State& state);
    ReadSource::State next_chunk(std::uint64_t offset);
    std::function<void()> when_ready();
    void ready();
    void end(Ending ending);

    [[no_unique_address]] ReadSource source_;
    bool as_one_;                         // in a place that alignment leaves in the source
    ChunkPtr held_;                       // the one that was sent from last
    std::unique_ptr<SharedBucket> rate_;  // of this download alone; null: none
};

}  // namespace wherry::tftp
