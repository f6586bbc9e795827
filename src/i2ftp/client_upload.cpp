// Uploads of the client. Pieces are sent ahead of their answers, on one connection or on several.
//
// Resuming: PULF tells the server what is to be uploaded; LIST of that file right after it tells how much the server
// has kept of an earlier attempt. The original has emptied the file at PULF, so it says 0, and all is sent.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "i2ftp/client.h"
#include "i2ftp/local_file.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

constexpr std::size_t sent_ahead = 6;  // pieces without an answer, on one connection; as the original's client
constexpr std::size_t upld_head = 31;  // of a message, before the bytes

// "UPLD,<id>,<from>," and room for so many bytes, which is returned.
std::span<std::byte> begin_upld(Bytes& message, std::string_view id, std::uint64_t from, std::size_t bytes) {
    Bytes head(view("UPLD,").begin(), view("UPLD,").end());
    append(head, id);
    append(head, ",");
    append_u64(head, from);
    append(head, ",");
    message.resize(upld_head + bytes);
    std::copy(head.begin(), head.end(), message.begin());
    return std::as_writable_bytes(std::span(message)).subspan(upld_head);
}

}  // namespace

struct Client::Upload {
    std::string id;
    LocalFile& file;
    std::uint64_t size = 0;
    std::uint64_t next = 0;
    std::uint64_t put = 0;
    Result<void> failure{};
    const MoveOptions& options;
    net::Scope helpers;
};

net::Task<void> Client::put(Upload& upload, ClientConnection* connection) {
    std::deque<std::pair<std::uint64_t, std::uint64_t>> waiting;  // where a piece began and ended
    Bytes message;  // one for all pieces: memory that comes and goes costs more than sending what is in it
    while (upload.failure && (upload.next < upload.size || !waiting.empty())) {
        Result<void> done;
        if (upload.next < upload.size && waiting.size() < sent_ahead) {
            const std::uint64_t from = upload.next;
            const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(piece, upload.size - from));
            upload.next += bytes;
            const auto into = begin_upld(message, upload.id, from, bytes);
            const auto read = co_await disk_.run(loop_, [&] { return upload.file.read_at(from, into); });
            if (!read) {
                done = std::unexpected(read.error());
            } else if (*read != bytes) {
                done = fail(Code::io, upload.file.name() + " has become shorter meanwhile");
            } else {
                waiting.emplace_back(from, from + bytes);
                done = co_await connection->send(message);
            }
        } else {
            const auto reply = co_await connection->receive();
            const auto [from, to] = waiting.front();
            waiting.pop_front();
            if (!reply) {
                done = std::unexpected(reply.error());
            } else if (!reply->done) {
                done = refuse(Code::denied, std::string(text(reply->payload())));
            } else if (read_le(reply->payload()) != to) {
                done = fail(Code::no_space, "the server could not write (its disk may be full)");
            } else {
                upload.put += to - from;
                if (upload.options.progress) upload.options.progress(upload.put, upload.size);
            }
        }
        if (!done && upload.failure) upload.failure = std::unexpected(done.error());
    }
}

net::Task<void> Client::put_by_own(Upload& upload) {
    auto connection = co_await dial();
    if (!connection) co_return;  // the others do its part
    co_await put(upload, connection->get());
    co_await (*connection)->close();
}

// Opens it; where to go on from.
net::Task<Result<std::uint64_t>> Client::begin_upload(Upload& upload, const std::string& path, bool resume) {
    auto id = co_await open("PULF," + path);
    if (!id) co_return std::unexpected(std::move(id.error()));
    upload.id = *id;
    if (!resume) co_return std::uint64_t{0};
    const auto listed = co_await list(path);
    if (!listed || listed->size() != 1 || listed->front().directory) co_return std::uint64_t{0};
    const std::uint64_t kept = listed->front().size;
    if (kept == 0 || kept > upload.size) co_return std::uint64_t{0};
    // The first write says that what is before it is to stay.
    Bytes request;
    begin_upld(request, upload.id, kept, 0);
    const auto reply = co_await control_->ask(text(request));
    if (!reply) co_return std::unexpected(reply.error());
    co_return read_le(reply->payload()) == kept ? kept : 0;
}

net::Task<Result<Moved>> Client::upload_once(const std::string& local, const std::string& path,
                                             const MoveOptions& options, bool& differs) {
    auto file = co_await disk_.run(loop_, [&] { return LocalFile::open_to_read(local); });
    if (!file) co_return std::unexpected(std::move(file.error()));
    const auto size = co_await disk_.run(loop_, [&] { return file->size(); });
    if (!size) co_return std::unexpected(size.error());
    Upload upload{.id = {}, .file = *file, .options = options, .helpers = net::Scope(loop_)};
    upload.size = *size;
    const auto begin = co_await begin_upload(upload, path, options.resume);
    if (!begin) co_return std::unexpected(begin.error());
    upload.next = upload.put = *begin;
    if (options.progress) options.progress(*begin, *size);
    for (unsigned i = 1; i < options.connections && *begin + i * sent_ahead * piece < *size; ++i) {
        upload.helpers.start(put_by_own(upload));
    }
    co_await put(upload, control_.get());
    co_await upload.helpers.join();
    if (!upload.failure) co_return std::unexpected(upload.failure.error());
    if (const auto closed = co_await control_->ask("CLOZ," + upload.id); !closed) {
        co_return std::unexpected(closed.error());
    }
    Moved moved{*size, *begin, {}};
    if (!options.verify) co_return moved;
    const auto id = co_await open("GETF," + path);
    if (!id) co_return std::unexpected(id.error());
    const auto ours = co_await local_md5(local);
    const auto theirs = co_await close_download(*id);
    if (!ours || !theirs) co_return std::unexpected(ours ? theirs.error() : ours.error());
    differs = *ours != *theirs;
    if (differs) co_return fail(Code::invalid, "what the server has is not what was sent (MD5 differs)");
    moved.md5 = *ours;
    co_return moved;
}

net::Task<Result<Moved>> Client::upload(std::string local, std::string path, MoveOptions options) {
    bool differs = false;
    auto moved = co_await upload_once(local, path, options, differs);
    if (moved || !differs || !options.resume) co_return moved;
    // What the server had kept was of another file.
    options.resume = false;
    co_return co_await upload_once(local, path, options, differs);
}

}  // namespace wherry::i2ftp
