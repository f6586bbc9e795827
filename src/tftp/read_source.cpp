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

}  // namespace

ReadSource::ReadSource(Engine& engine, File file)
    : engine_(engine),
      transfer_(std::move(file.transfer)),
      filesystem_(file.filesystem),
      abort_on_change_(file.abort_on_change) {
    if (file.text) {
        text_ = std::make_unique<Text>();
    } else {
        size_ = transfer_->opened().size;
    }
}

ReadSource::ReadSource(Engine& engine, ChunkPtr whole)
    : engine_(engine), whole_(std::move(whole)), size_(whole_->size) {}

ReadSource::~ReadSource() = default;

// Made anew for each chunk, since a chunk is long and there are many transfers.
ContentKey ReadSource::key() const {
    const Transfer::Opened& about = transfer_->opened();
    ContentKey key{filesystem_,     {}, about.device, about.inode, about.size, about.modified, about.modified_nsec,
                   text_ != nullptr};
    if (about.inode == 0) key.path = transfer_->path().string();
    return key;
}

std::size_t ReadSource::chunk_size() const noexcept {
    // One that is not a file is a single chunk; blocks are counted from its beginning.
    return whole_ ? TftpAnswer::most_content * 2 + 1 : engine_.server().cache().chunk_size();
}

Chunk ReadSource::new_chunk(std::uint64_t number) const {
    Chunk chunk;
    chunk.number = number;
    chunk.offset = number * chunk_size();
    chunk.size = chunk_size();
    // Text at most doubles; the one byte more tells the end of the file from the end of the chunk.
    const std::uint64_t most = text_ ? 2 * transfer_->opened().size + 1 : size_ - chunk.offset;
    chunk.size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size, most));
    chunk.bytes = std::make_unique_for_overwrite<std::byte[]>(chunk.size);
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

ReadSource::State ReadSource::get(std::uint64_t number, ChunkPtr& chunk, const std::function<void()>& ready) {
    if (whole_) {
        chunk = whole_;
        return State::here;
    }
    if (failure_ != State::here) return failure_;
    if (load_ != nullptr) return State::waiting;
    ChunkCache& cache = engine_.server().cache();
    Metrics& metrics = engine_.server().commons().metrics;
    const ContentKey content = key();
    auto claim = cache.claim(content, number, ready);
    if (claim.chunk) {
        metrics.add(Metric::tftp_cache_hits_total);
        remember(*claim.chunk);
        chunk = std::move(claim.chunk);
        return State::here;
    }
    if (!claim.load) return State::waiting;
    metrics.add(Metric::tftp_cache_loads_total);
    Chunk fresh = new_chunk(number);
    const auto filled = fill_at_once(fresh);
    if (filled && *filled) {
        remember(fresh);
        chunk = cache.loaded(content, std::move(fresh), true);
        return State::here;
    }
    if (filled || filled.error().code != Code::would_block) {
        cache.failed(content, number);
        return failure_ = filled ? State::changed : State::failed;
    }
    engine_.scope().start(load(std::move(fresh), ready));
    return load_ != nullptr ? State::waiting : get(number, chunk, ready);
}

// What was read, as a chunk. False: the file has changed.
Result<bool> ReadSource::settle(Chunk& chunk, std::uint64_t offset, std::span<const std::byte> read, bool changed) {
    if (changed && abort_on_change_) return false;
    if (!text_) {
        if (read.size() < chunk.size) return false;  // it is shorter now
        chunk.last = chunk.offset + chunk.size == size_;
        return true;
    }
    chunk.source_end = offset;
    return true;
}

Result<bool> ReadSource::fill_at_once(Chunk& chunk) {
    if (text_) return fail(Code::would_block);
    const std::span<std::byte> room(chunk.bytes.get(), chunk.size);
    const auto part = transfer_->read_part_at_once(chunk.offset, room);
    if (!part) return std::unexpected(part.error());
    if (part->bytes < chunk.size && !part->changed) return fail(Code::would_block);
    return settle(chunk, chunk.offset, room.first(part->bytes), part->changed);
}

net::Task<Result<bool>> ReadSource::fill(Chunk& chunk) {
    const std::span<std::byte> room(chunk.bytes.get(), chunk.size);
    if (!text_) {
        const auto part = co_await transfer_->read_part(chunk.offset, room);
        if (!part) co_return std::unexpected(part.error());
        co_return settle(chunk, chunk.offset, room.first(part->bytes), part->changed);
    }
    const auto& checkpoints = text_->checkpoints;
    if (chunk.number >= checkpoints.size()) co_return fail(Code::internal, "a text is read from the middle");
    std::uint64_t offset = checkpoints[chunk.number].source;
    chunk.encoder = checkpoints[chunk.number].encoder;
    std::vector<std::byte> file(text_step);
    std::size_t produced = 0;
    while (produced < chunk.size) {
        const auto part = co_await transfer_->read_part(offset, file);
        if (!part) co_return std::unexpected(part.error());
        if (part->changed && abort_on_change_) co_return false;
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
    co_return settle(chunk, offset, room.first(produced), false);
}

net::Task<void> ReadSource::load(Chunk chunk, std::function<void()> ready) {
    Load under_way;  // has this source from its close() on, so that it lives as long as we do
    load_ = &under_way;
    ChunkCache& cache = engine_.server().cache();
    const std::uint64_t number = chunk.number;
    const auto filled = co_await fill(chunk);
    load_ = nullptr;
    const ContentKey content = key();
    if (filled && *filled) {
        remember(chunk);
        cache.loaded(content, std::move(chunk));
    } else {
        failure_ = filled ? State::changed : State::failed;
        cache.failed(content, number);
    }
    ready();
    if (under_way.closed) co_await finish_transfer(std::move(transfer_), under_way.outcome);
}

net::Task<std::optional<std::uint64_t>> ReadSource::find_size() {
    ChunkCache& cache = engine_.server().cache();
    const ContentKey content = key();
    for (std::uint64_t number = 0; size_ == unknown; ++number) {
        const auto claim = cache.claim(content, number, [] {});
        if (claim.chunk) {
            remember(*claim.chunk);
            continue;
        }
        Chunk chunk = new_chunk(number);
        const auto filled = co_await fill(chunk);
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

void ReadSource::close(std::unique_ptr<ReadSource> source, const Flow& flow, wherry::Outcome outcome, bool counts) {
    if (!source->transfer_) return;
    if (source->wants_session_) source->transfer_->set_session(std::make_unique<SessionInfo>(session_of(flow)));
    if (!counts) source->transfer_->uncounted();
    if (Load* const load = source->load_) {
        load->outcome = outcome;
        load->closed = std::move(source);
    } else {
        source->engine_.scope().start(finish_transfer(std::move(source->transfer_), outcome));
    }
}

}  // namespace wherry::tftp
