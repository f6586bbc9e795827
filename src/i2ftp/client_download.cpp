// Downloads of the client. The file is cut into ranges; each connection fetches one after the other, all under the one
// id that the control connection was given.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "i2ftp/client.h"
#include "i2ftp/local_file.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

constexpr std::uint64_t range_size = 16 * piece;  // that one connection asks for at a time

std::string down_request(std::string_view id, std::uint64_t from, std::uint64_t to) {
    Bytes request(view("DOWN,").begin(), view("DOWN,").end());
    append(request, id);
    append(request, ",");
    append_u64(request, from);
    append(request, ",");
    append_u64(request, to);
    return std::string(text(request));
}

}  // namespace

struct Client::Download {
    std::string id;
    LocalFile& file;
    std::uint64_t size = 0;
    std::uint64_t next = 0;                                      // where the next range begins
    std::uint64_t complete = 0;                                  // all before this is there
    std::set<std::pair<std::uint64_t, std::uint64_t>> beyond{};  // and these ranges
    std::uint64_t got = 0;
    Result<void> failure{};
    const MoveOptions& options;
    net::Scope helpers;

    void finished(std::uint64_t from, std::uint64_t to) {
        beyond.emplace(from, to);
        while (!beyond.empty() && beyond.begin()->first <= complete) {
            complete = std::max(complete, beyond.begin()->second);
            beyond.erase(beyond.begin());
        }
    }
};

// Fetches ranges until there are no more, or something failed anywhere.
net::Task<void> Client::fetch(Download& download, ClientConnection* connection) {
    while (download.failure && download.next < download.size) {
        const std::uint64_t from = download.next;
        const std::uint64_t to = std::min(from + range_size, download.size);
        download.next = to;
        const std::string request = down_request(download.id, from, to);
        Bytes message(view(request).begin(), view(request).end());
        auto sent = co_await connection->send(message);
        for (std::uint64_t at = from; sent && at < to && download.failure;) {
            const auto reply = co_await connection->receive();
            if (!reply) {
                sent = std::unexpected(reply.error());
                break;
            }
            const View payload = reply->payload();
            const std::uint64_t wanted = std::min<std::uint64_t>(piece, to - at);
            if (!reply->done) {
                sent = refuse(Code::denied, std::string(text(payload)));
            } else if (payload.size() < 9 || read_le(payload.first(8)) != at || payload.size() - 9 != wanted) {
                sent = fail(Code::invalid,
                            "the server sent another part of the file than it was asked for; the file "
                            "may have become shorter meanwhile");
            } else {
                sent = co_await disk_.run(
                    loop_, [&] { return download.file.write_at(at, std::as_bytes(payload.subspan(9))); });
            }
            if (!sent) break;
            at += wanted;
            download.got += wanted;
            download.finished(at - wanted, at);
            if (download.options.progress) download.options.progress(download.got, download.size);
        }
        if (!sent && download.failure) download.failure = std::unexpected(sent.error());
    }
}

net::Task<void> Client::fetch_by_own(Download& download) {
    auto connection = co_await dial();
    if (!connection) co_return;  // the others do its part
    co_await fetch(download, connection->get());
    co_await (*connection)->close();
}

net::Task<Result<Moved>> Client::download_once(const std::string& path, const std::string& local,
                                               const MoveOptions& options, bool& differs) {
    const std::string part = local + ".part";
    const auto about = co_await stat(path);
    if (!about) co_return std::unexpected(about.error());
    if (about->directory) co_return refuse(Code::is_directory, "is a directory");
    auto id = co_await open("GETF," + path);
    if (!id) co_return std::unexpected(std::move(id.error()));
    auto file = co_await disk_.run(loop_, [&] { return LocalFile::open_to_write(part); });
    if (!file) co_return std::unexpected(std::move(file.error()));
    const auto there = co_await disk_.run(loop_, [&] { return file->size(); });
    const std::uint64_t begin = options.resume && there && *there <= about->size ? *there : 0;
    if (auto cut = co_await disk_.run(loop_, [&] { return file->truncate(begin); }); !cut) {
        co_return std::unexpected(std::move(cut.error()));
    }
    Download download{.id = *id, .file = *file, .options = options, .helpers = net::Scope(loop_)};
    download.size = about->size;
    download.next = download.complete = download.got = begin;
    if (options.progress) options.progress(begin, about->size);
    for (unsigned i = 1; i < options.connections && begin + i * range_size < about->size; ++i) {
        download.helpers.start(fetch_by_own(download));
    }
    co_await fetch(download, control_.get());
    co_await download.helpers.join();
    if (!download.failure) {
        // What came out of order has a gap before it, and is of no use for the next attempt.
        [[maybe_unused]] const auto cut = co_await disk_.run(loop_, [&] { return file->truncate(download.complete); });
        co_return std::unexpected(download.failure.error());
    }
    Moved moved{about->size, begin, {}};
    if (options.verify) {
        const auto theirs = co_await close_download(*id);
        if (!theirs) co_return std::unexpected(theirs.error());
        const auto ours = co_await local_md5(part);
        if (!ours) co_return std::unexpected(ours.error());
        differs = *theirs != *ours;
        if (differs) co_return fail(Code::invalid, "what came is not what the server has (MD5 differs)");
        moved.md5 = *ours;
    }
    if (auto renamed = co_await disk_.run(loop_, [&] { return rename_local(part, local); }); !renamed) {
        co_return std::unexpected(std::move(renamed.error()));
    }
    co_return moved;
}

net::Task<Result<Moved>> Client::download(std::string path, std::string local, MoveOptions options) {
    bool differs = false;
    auto moved = co_await download_once(path, local, options, differs);
    if (moved || !differs || !options.resume) co_return moved;
    // What an earlier attempt had left may have been of another file, or with gaps.
    options.resume = false;
    co_return co_await download_once(path, local, options, differs);
}

}  // namespace wherry::i2ftp
