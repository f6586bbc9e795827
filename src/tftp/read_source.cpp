// Where the bytes of a download come from.
#include <algorithm>
#include <utility>

#include "tftp/open.h"
#include "tftp/read_exchange.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t text_step = 64 * 1024;  // of the file, at once

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
        text_ = std::make_unique<Text>(Text{file.newlines, {{0, NewlineEncoder(file.newlines)}}});
    } else {
        size_ = transfer_->opened().size;
    }
}

// Made anew for each chunk: chunks are long, and transfers many.
ContentKey ReadSource::key() const {
    const Transfer::Opened& about = transfer_->opened();
    ContentKey key{
        filesystem_,     {}, about.device, about.inode, about.size, about.modified, about.changed, about.modified_nsec,
        text_ != nullptr};
    if (text_) key.newlines = text_->newlines;
    if (about.inode == 0) key.path = transfer_->path().string();
    return key;
}

std::size_t ReadSource::chunk_size(Engine& engine) const noexcept {
    // One that is not a file is a single chunk; blocks are counted from its beginning.
    return transfer_ ? engine.server().cache().chunk_size() : TftpAnswer::most_content * 2 + 1;
}

ReadSource::Way ReadSource::way(std::uint64_t number) const {
    Way way{.text = text_ != nullptr, .from = {}, .size = size_, .abort_on_change = abort_on_change_};
    if (text_ && number < text_->checkpoints.size()) way.from = text_->checkpoints[number];
    return way;
}

Chunk ReadSource::new_chunk(Engine& engine, std::uint64_t number) const {
    Chunk chunk;
    chunk.number = number;
    chunk.offset = number * chunk_size(engine);
    // Text at most doubles; the one byte more tells the end of the file from the end of the chunk.
    const std::uint64_t most = text_ ? 2 * transfer_->opened().size + 1 : size_ - chunk.offset;
    chunk.size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size(engine), most));
    chunk.bytes = engine.server().cache().room(chunk.size);
    return chunk;
}

void ReadSource::remember(const Chunk& chunk) {
    if (!text_) return;
    if (chunk.last) size_ = chunk.offset + chunk.size;
    auto& checkpoints = text_->checkpoints;
    if (!chunk.last && checkpoints.size() == chunk.number + 1) {
        checkpoints.push_back({chunk.source_end, chunk.encoder});
    }
}

ReadSource::State ReadSource::get(Engine& engine, std::uint64_t number, ChunkPtr& chunk,
                                  const std::function<void()>& ready) {
    if (failure_ != State::here) return failure_;
    if (load_ != nullptr) return State::waiting;
    ChunkCache& cache = engine.server().cache();
    Metrics& metrics = engine.server().commons().metrics;
    const ContentKey content = key();
    auto claim = cache.claim(content, number, ready);
    if (claim.chunk) {
        metrics.add(Metric::tftp_cache_hits_total);
        remember(*claim.chunk);
        chunk = std::move(claim.chunk);
        return State::here;
    }
    if (!claim.load) return State::waiting;
    Chunk fresh = new_chunk(engine, number);
    const auto filled = fill_at_once(*transfer_, way(number), fresh);
    if (filled || filled.error().code != Code::would_block) count_load(engine, filled);
    if (filled && *filled) {
        remember(fresh);
        chunk = cache.loaded(content, std::move(fresh), true);
        return State::here;
    }
    if (filled || filled.error().code != Code::would_block) {
        cache.failed(content, number);
        return failure_ = filled ? State::changed : State::failed;
    }
    engine.scope().start(load(engine, *this, std::move(fresh), ready));
    return load_ != nullptr ? State::waiting : get(engine, number, chunk, ready);
}

// `read` bytes are in the chunk, and `offset` is where the next one begins in the file. False: the file has changed.
Result<bool> ReadSource::settle(const Way& way, Chunk& chunk, std::uint64_t offset, std::size_t read, bool changed) {
    if (changed && way.abort_on_change) return false;
    if (!way.text) {
        if (read < chunk.size) return false;  // it is shorter now
        chunk.last = chunk.offset + chunk.size == way.size;
        return true;
    }
    chunk.source_end = offset;
    return true;
}

Result<bool> ReadSource::fill_at_once(Transfer& transfer, const Way& way, Chunk& chunk) {
    if (way.text) return fail(Code::would_block);
    const auto part = transfer.read_part_at_once(chunk.offset, {chunk.bytes.get(), chunk.size});
    if (!part) return std::unexpected(part.error());
    if (part->bytes < chunk.size && !part->changed) return fail(Code::would_block);
    return settle(way, chunk, chunk.offset, part->bytes, part->changed);
}

net::Task<Result<bool>> ReadSource::fill(Transfer& transfer, const Way& way, Chunk& chunk) {
    const std::span<std::byte> room(chunk.bytes.get(), chunk.size);
    if (!way.text) {
        const auto part = co_await transfer.read_part(chunk.offset, room);
        if (!part) co_return std::unexpected(part.error());
        co_return settle(way, chunk, chunk.offset, part->bytes, part->changed);
    }
    if (!way.from) co_return fail(Code::internal, "a text is read from the middle");
    std::uint64_t offset = way.from->source;
    chunk.encoder = way.from->encoder;
    std::vector<std::byte> file(text_step);
    std::size_t produced = 0;
    while (produced < chunk.size) {
        const auto part = co_await transfer.read_part(offset, file);
        if (!part) co_return std::unexpected(part.error());
        if (part->changed && way.abort_on_change) co_return false;
        if (part->bytes == 0) {
            const std::size_t owed = chunk.encoder.finish(room.subspan(produced));
            produced += owed;
            if (owed == 0) chunk.last = true;
            if (owed == 0) break;
            continue;
        }
        const auto converted = chunk.encoder.convert(std::span(file).first(part->bytes), room.subspan(produced));
        offset += converted.consumed;
        produced += converted.produced;
        if (converted.consumed == 0 && converted.produced == 0) break;
    }
    chunk.size = produced;
    co_return settle(way, chunk, offset, produced, false);
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
    const auto filled = co_await fill(*source.transfer_, way, chunk);
    count_load(engine, filled);
    const bool good = filled && *filled;
    if (ReadSource* const still = under_way.source) {
        still->load_ = nullptr;
        if (good) still->remember(chunk);
        if (!good) still->failure_ = filled ? State::changed : State::failed;
    }
    if (good) {
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
        const auto filled = co_await fill(*transfer_, way_there, chunk);
        count_load(engine, filled);
        const bool good = filled && *filled;
        if (good) remember(chunk);
        if (claim.load && good) cache.loaded(content, std::move(chunk));
        if (claim.load && !good) cache.failed(content, number);
        if (!good) co_return std::nullopt;
    }
    co_return size_;
}

void ReadSource::begin() {
    wants_session_ = transfer_ && transfer_->has_session();
    if (wants_session_) transfer_->set_session(nullptr);
}

void ReadSource::close(const Flow& flow, wherry::Outcome outcome, bool counts) {
    if (!transfer_) return;
    if (wants_session_) transfer_->set_session(std::make_unique<SessionInfo>(session_of(flow)));
    if (!counts) transfer_->uncounted();
    if (load_ != nullptr) {
        load_->source = nullptr;
        load_->outcome = outcome;
        load_->transfer = std::move(transfer_);
    } else {
        flow.engine.scope().start(finish_transfer(std::move(transfer_), outcome));
    }
}

}  // namespace wherry::tftp
