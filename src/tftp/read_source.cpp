// Where the bytes of a download come from.
#include <algorithm>
#include <utility>

#include "tftp/open.h"
#include "tftp/read_exchange.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::uint64_t passing_piece = 65536;  // read past the cache at a time
// Of a long file, where there are few downloads: for short ones memory that is new costs more than calls do.
constexpr std::uint64_t long_piece = 262144;
constexpr std::uint64_t long_from = 4194304;
constexpr std::size_t few_flows = 64;
constexpr std::size_t text_step = 64 * 1024;  // of the file, at once
constexpr std::uint64_t may_be_repeated = 8;  // chunks

net::Task<void> finish_transfer(TransferPtr transfer, wherry::Outcome outcome) {
    [[maybe_unused]] const auto finished = co_await transfer->finish(outcome);
}

// False: the file has changed meanwhile.
void count_load(Engine& engine, const Result<bool>& filled) {
    const TftpLoad result = !filled ? TftpLoad::failed : *filled ? TftpLoad::ok : TftpLoad::changed;
    engine.server().commons().metrics.add(Metric::tftp_cache_loads_total, result);
}

}  // namespace

ReadSource::ReadSource(File file)
    : transfer_(std::move(file.transfer)), filesystem_(file.filesystem), abort_on_change_(file.abort_on_change) {
    if (file.text) {
        special_ = std::make_unique<Special>();
        special_->text = std::make_unique<Text>(Text{file.newlines, {{0, NewlineEncoder(file.newlines)}}});
    } else {
        size_ = transfer_->opened().size;
    }
}

ReadSource::ReadSource(ContentPtr content, bool text) : special_(std::make_unique<Special>()) {
    special_->content = std::move(content);
    if (text) {
        special_->text = std::make_unique<Text>(Text{Newlines::netascii, {{0, NewlineEncoder(Newlines::netascii)}}});
    } else {
        size_ = special_->content->size().value_or(unknown);
    }
}

// Made anew for each chunk: chunks are long, and transfers many.
ContentKey ReadSource::key() const {
    if (content() != nullptr) return content()->key(text() != nullptr);
    ContentKey key{.file = transfer_->version(filesystem_), .path = {}, .text = text() != nullptr};
    if (text() != nullptr) key.newlines = text()->newlines;
    if (key.file.inode == 0) key.path = transfer_->path().string();
    return key;
}

std::size_t ReadSource::chunk_size(Engine& engine) const noexcept {
    // One that is neither is a single chunk; blocks are counted from its beginning.
    return transfer_ || content() != nullptr ? engine.server().cache().chunk_size() : TftpAnswer::most_content * 2 + 1;
}

ReadSource::Way ReadSource::way(std::uint64_t number) const {
    Way way{.transfer = transfer_.get(),
            .content = special_ ? special_->content : nullptr,
            .text = text() != nullptr,
            .from = {},
            .size = size_,
            .abort_on_change = abort_on_change_};
    if (text() != nullptr && number < text()->checkpoints.size()) way.from = text()->checkpoints[number];
    return way;
}

Chunk ReadSource::new_chunk(Engine& engine, std::uint64_t number) const {
    Chunk chunk;
    chunk.number = number;
    chunk.offset = number * chunk_size(engine);
    std::uint64_t most = unknown;
    // Text at most doubles; the one byte more tells the end of the file from the end of the chunk.
    if (const auto source = source_size(); text() != nullptr && source) most = 2 * std::min(*source, unknown / 4) + 1;
    if (text() == nullptr && size_ != unknown) most = size_ - chunk.offset;
    chunk.size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size(engine), most));
    chunk.bytes = engine.server().cache().room(chunk.size);
    return chunk;
}

void ReadSource::remember(const Chunk& chunk) {
    if (chunk.last) size_ = chunk.offset + chunk.size;
    if (text() == nullptr) return;
    auto& checkpoints = text()->checkpoints;
    if (!chunk.last && checkpoints.size() == chunk.number + 1) {
        checkpoints.push_back({chunk.source_end, chunk.encoder});
    }
}

ReadSource::State ReadSource::get(Engine& engine, std::uint64_t offset, ChunkPtr& chunk,
                                  const std::function<void()>& ready) {
    if (failure_ != State::here) return failure_;
    ChunkCache& cache = engine.server().cache();
    const std::uint64_t number = offset / chunk_size(engine);
    const ContentKey content = key();
    // One load at a time; it may be of another chunk, further on. And of a chunk that this transfer has begun to read
    // past the cache it reads the rest so, unless somebody else has loaded it meanwhile.
    const bool passing = passed_ == number;
    auto claim = load_ != nullptr || passing ? ChunkCache::Claim{cache.find(content, number)}
                                             : cache.claim(content, number, ready);
    if (claim.chunk) {
        engine.server().commons().metrics.add(Metric::tftp_cache_hits_total);
        remember(*claim.chunk);
        chunk = std::move(claim.chunk);
        sent_from(engine, number);
        return State::here;
    }
    if (claim.first || passing) {
        const auto read = pass(engine, offset, chunk);
        passed_ = read ? static_cast<std::uint32_t>(number) : nowhere;
        if (read && claim.first) *read == State::here ? cache.passed(content, number) : cache.failed(content, number);
        if (read) return *read;
        if (passing) return get(engine, offset, chunk, ready);
    }
    return claim.load ? load_at_once(engine, content, number, chunk, ready) : State::waiting;
}

// What comes next of the chunk, past the cache; nullopt: that would have to wait.
std::optional<ReadSource::State> ReadSource::pass(Engine& engine, std::uint64_t offset, ChunkPtr& chunk) {
    if (!transfer_ || text() != nullptr) return std::nullopt;
    Chunk some;
    some.number = offset / chunk_size(engine);
    some.offset = offset;
    const std::uint64_t most = offset >= long_from && engine.flows() <= few_flows ? long_piece : passing_piece;
    some.size = static_cast<std::size_t>(std::min<std::uint64_t>({most, chunk_size(engine), size_ - offset}));
    some.bytes = ChunkMemory::alone(some.size);
    const auto filled = fill_at_once(way(some.number), some);
    if (!filled && filled.error().code == Code::would_block) return std::nullopt;
    if (!filled || !*filled) return failure_ = filled ? State::changed : State::failed;
    engine.server().commons().metrics.add(Metric::tftp_cache_loads_total, TftpLoad::passed);
    read_ += some.size;
    by_worker_ = false;
    chunk = std::make_shared<const Chunk>(std::move(some));
    return State::here;
}

// What this transfer has claimed: by itself if that costs no more than a copy, else by a worker.
ReadSource::State ReadSource::load_at_once(Engine& engine, const ContentKey& content, std::uint64_t number,
                                           ChunkPtr& chunk, const std::function<void()>& ready) {
    ChunkCache& cache = engine.server().cache();
    Chunk fresh = new_chunk(engine, number);
    const auto filled = fill_at_once(way(number), fresh);
    if (filled || filled.error().code != Code::would_block) count_load(engine, filled);
    if (filled && *filled) {
        by_worker_ = false;
        read_ += fresh.size;
        remember(fresh);
        chunk = cache.loaded(content, std::move(fresh));
        return State::here;
    }
    if (filled || filled.error().code != Code::would_block) {
        cache.failed(content, number);
        return failure_ = filled ? State::changed : State::failed;
    }
    engine.scope().start(load(engine, *this, std::move(fresh), ready));
    return load_ != nullptr ? State::waiting : get(engine, number * chunk_size(engine), chunk, ready);
}

// The kernel reads files from their beginning to their end: with the last byte of a chunk it has all of it, or nearly.
bool ReadSource::ends_in_memory(Engine& engine, std::uint64_t number) {
    if (!transfer_ || text() != nullptr || size_ == unknown || number * chunk_size(engine) >= size_) return false;
    std::byte last{};
    const std::uint64_t end = std::min((number + 1) * chunk_size(engine), size_);
    return transfer_->read_part_at_once(end - 1, {&last, 1}).has_value();
}

void ReadSource::read_ahead(Engine& engine, std::uint64_t number, const std::function<void()>& ready) {
    if (!by_worker_) return;
    ChunkCache& cache = engine.server().cache();
    const ContentKey content = key();
    const std::uint64_t last = number + engine.server().at_start().cache_read_ahead;
    while (number < last && load_ == nullptr && failure_ == State::here) {
        ++number;
        if (size_ != unknown && number * chunk_size(engine) >= size_) return;
        if (text() != nullptr && number >= text()->checkpoints.size()) return;
        // Once: where the cache has room for fewer, those who read ahead would push out each other's chunks for ever.
        if (number <= ahead_) continue;
        ahead_ = static_cast<std::uint32_t>(number);
        // A disk that had to be waited for once may have had but a page to bring.
        by_worker_ = !ends_in_memory(engine, number);
        if (!by_worker_) return;
        if (!cache.begin_load(content, number)) continue;
        engine.scope().start(load(engine, *this, new_chunk(engine, number), ready));
    }
}

// What only this transfer can ask for is not left to the cache: it would push out what others want.
void ReadSource::sent_from(Engine& engine, std::uint64_t number) {
    if (content() == nullptr || !content()->is_private()) return;
    content()->furthest = std::max(content()->furthest, number);
    if (number >= may_be_repeated) engine.server().cache().drop(key(), number - may_be_repeated);
}

// `read` bytes are in the chunk, which is no text. False: the file has changed.
Result<bool> ReadSource::settle(const Way& way, Chunk& chunk, std::size_t read, bool changed) {
    if (changed && way.abort_on_change) return false;
    if (way.size != unknown) {
        if (read < chunk.size) return false;  // it is shorter now
        chunk.last = chunk.offset + chunk.size == way.size;
        return true;
    }
    chunk.last = read < chunk.size;
    chunk.size = read;
    return true;
}

Result<bool> ReadSource::fill_at_once(const Way& way, Chunk& chunk) {
    if (way.text || way.transfer == nullptr) return fail(Code::would_block);
    const auto part = way.transfer->read_part_at_once(chunk.offset, {chunk.bytes.get(), chunk.size});
    if (!part) return std::unexpected(part.error());
    if (part->bytes < chunk.size && !part->changed) return fail(Code::would_block);
    return settle(way, chunk, part->bytes, part->changed);
}

net::Task<Result<Transfer::Part>> ReadSource::part(Engine& engine, const Way& way, std::uint64_t offset,
                                                   std::span<std::byte> into) {
    if (way.transfer != nullptr) co_return co_await way.transfer->read_part(offset, into);
    const auto got = co_await engine.server().commons().runtime.disk().run(
        engine.loop(), [&] { return way.content->read(offset, into); });
    if (!got) {
        engine.server().commons().log.warning("tftp: the source that a handler has given: {}", got.error().message);
        co_return std::unexpected(got.error());
    }
    co_return Transfer::Part{.bytes = *got, .changed = false};
}

net::Task<Result<bool>> ReadSource::fill(Engine& engine, const Way& way, Chunk& chunk) {
    const std::size_t room = chunk.size;
    Result<bool> filled = false;
    if (way.text) {
        filled = co_await fill_text(engine, way, chunk);
    } else {
        const auto read = co_await part(engine, way, chunk.offset, {chunk.bytes.get(), room});
        if (!read) co_return std::unexpected(read.error());
        filled = settle(way, chunk, read->bytes, read->changed);
    }
    // What has turned out to be short keeps no room for what is long: there may be one for each client.
    if (filled && *filled && way.content && chunk.size < room / 2) {
        auto fitting = engine.server().cache().room(chunk.size);
        std::ranges::copy(chunk.span(), fitting.get());
        chunk.bytes = std::move(fitting);
    }
    co_return filled;
}

net::Task<Result<bool>> ReadSource::fill_text(Engine& engine, const Way& way, Chunk& chunk) {
    const std::span<std::byte> room(chunk.bytes.get(), chunk.size);
    if (!way.from) co_return fail(Code::internal, "a text is read from the middle");
    std::uint64_t offset = way.from->source;
    chunk.encoder = way.from->encoder;
    std::vector<std::byte> file(text_step);
    std::size_t produced = 0;
    while (produced < chunk.size) {
        const auto read = co_await part(engine, way, offset, file);
        if (!read) co_return std::unexpected(read.error());
        if (read->changed && way.abort_on_change) co_return false;
        if (read->bytes == 0) {
            const std::size_t owed = chunk.encoder.finish(room.subspan(produced));
            produced += owed;
            if (owed == 0) chunk.last = true;
            if (owed == 0) break;
            continue;
        }
        const auto converted = chunk.encoder.convert(std::span(file).first(read->bytes), room.subspan(produced));
        offset += converted.consumed;
        produced += converted.produced;
        if (converted.consumed == 0 && converted.produced == 0) break;
    }
    chunk.size = produced;
    chunk.source_end = offset;
    co_return true;
}

// The source may be closed before this has ended, and be gone then: nothing of it is used after a wait unless it is
// still there. The transfer stays where it is, whoever owns it.
net::Task<void> ReadSource::load(Engine& engine, ReadSource& source, Chunk chunk, std::function<void()> ready) {
    Load under_way{.source = &source, .transfer = nullptr, .outcome = {}};
    source.load_ = &under_way;
    ChunkCache& cache = engine.server().cache();
    const std::uint64_t number = chunk.number;
    const ContentKey content = source.key();
    const Way way = source.way(number);
    const auto filled = co_await fill(engine, way, chunk);
    count_load(engine, filled);
    const bool good = filled && *filled;
    const bool wanted = under_way.source != nullptr || !way.content || !way.content->is_private();
    if (ReadSource* const still = under_way.source) {
        still->load_ = nullptr;
        still->by_worker_ = true;
        if (good) still->read_ += chunk.size;
        if (good) still->remember(chunk);
        if (!good) still->failure_ = filled ? State::changed : State::failed;
    }
    if (good && wanted) {
        cache.loaded(content, std::move(chunk));
    } else {
        cache.failed(content, number);
    }
    ready();
    if (under_way.transfer) co_await finish_transfer(std::move(under_way.transfer), under_way.outcome);
}

net::Task<std::optional<std::uint64_t>> ReadSource::find_size(Engine& engine) {
    ChunkCache& cache = engine.server().cache();
    const ContentKey content = key();
    for (std::uint64_t number = 0; size_ == unknown; ++number) {
        const auto claim = cache.claim(content, number, [] {});
        if (claim.chunk) {
            remember(*claim.chunk);
            continue;
        }
        Chunk chunk = new_chunk(engine, number);
        const Way way_there = way(number);
        const auto filled = co_await fill(engine, way_there, chunk);
        count_load(engine, filled);
        const bool good = filled && *filled;
        if (good) read_ += chunk.size;
        if (good) remember(chunk);
        if (claim.load && good) cache.loaded(content, std::move(chunk));
        if (claim.load && !good) cache.failed(content, number);
        if (!good) co_return std::nullopt;
    }
    co_return size_;
}

std::optional<double> ReadSource::cached(std::uint64_t bytes) const noexcept {
    if (bytes == 0 || (!transfer_ && content() == nullptr)) return std::nullopt;
    return 1 - static_cast<double>(std::min(read_, bytes)) / static_cast<double>(bytes);
}

void ReadSource::begin() {
    wants_session_ = transfer_ && transfer_->has_session();
    if (wants_session_) transfer_->set_session(nullptr);
}

void ReadSource::close(const Flow& flow, wherry::Outcome outcome, bool counts) {
    if (load_ != nullptr) load_->source = nullptr;
    if (content() != nullptr && content()->is_private()) {
        Server& server = flow.engine.server();
        const std::uint64_t last = content()->furthest + server.at_start().cache_read_ahead;
        const std::uint64_t first = content()->furthest - std::min(content()->furthest, may_be_repeated);
        for (std::uint64_t number = first; number <= last; ++number) server.cache().drop(key(), number);
    }
    if (!transfer_) return;
    if (wants_session_) transfer_->set_session(std::make_unique<SessionInfo>(session_of(flow, tree_of(flow, place()))));
    if (!counts) transfer_->uncounted();
    if (load_ != nullptr) {
        load_->outcome = outcome;
        load_->transfer = std::move(transfer_);
    } else if (!transfer_->finish_at_once(outcome)) {
        flow.engine.scope().start(finish_transfer(std::move(transfer_), outcome));
    }
}

}  // namespace wherry::tftp
