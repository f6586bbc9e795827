#include "i2ftp/tree.h"

#include <utility>
#include <vector>

namespace wherry::i2ftp {
namespace {

constexpr std::size_t names_at_once = 500;
constexpr std::size_t slice = 256 * 1024;  // copied at a time, by a worker

net::Task<Result<std::vector<Entry>>> entries_of(Workspace& workspace, Path directory) {
    auto listing = co_await workspace.list(std::move(directory), Detail::full);
    if (!listing) co_return std::unexpected(std::move(listing.error()));
    std::vector<Entry> all;
    for (std::vector<Entry> some;;) {
        const auto read = co_await workspace.on_disk([&] { return (*listing)->next(some, names_at_once); });
        if (!read) co_return std::unexpected(read.error());
        if (some.empty()) break;
        for (Entry& entry : some) all.push_back(std::move(entry));
    }
    co_return all;
}

Result<void> copy_all(Transfer& from, Transfer& to, std::span<std::byte> buffer, std::uint64_t& at, bool& end) {
    for (int i = 0; i < 16 && !end; ++i) {
        const auto got = from.read_now(at, buffer, true);
        if (!got) return std::unexpected(got.error());
        if (*got > 0) {
            if (auto put = to.write_now(at, buffer.first(*got)); !put) return put;
        }
        at += *got;
        end = *got == 0;
    }
    return {};
}

Outcome outcome_of(const Result<void>& done) {
    return done ? Outcome() : Outcome::file(done.error().code, done.error().system);
}

net::Task<Result<void>> copy_file(const TreeWork& work, Path from, Path to) {
    auto source = co_await work.workspace.open_read(from, 0);
    if (!source) co_return std::unexpected(std::move(source.error()));
    auto target = co_await work.workspace.open_write(to, {});
    Result<void> done;
    if (target) {
        std::vector<std::byte> buffer(slice);
        std::uint64_t at = 0;
        for (bool end = false; !end && done;) {
            done = work.stop()
                       ? fail(Code::aborted)
                       : co_await work.workspace.on_disk([&] { return copy_all(**source, **target, buffer, at, end); });
        }
        const auto ended = co_await (*target)->finish_on(work.loop, outcome_of(done));
        if (done && !ended) done = ended;
    } else {
        done = std::unexpected(std::move(target.error()));
    }
    [[maybe_unused]] const auto ended = co_await (*source)->finish_on(work.loop, outcome_of(done));
    co_return done;
}

}  // namespace

// Without recursion: a tree may be deeper than a stack.
net::Task<Result<void>> copy_tree(TreeWork work, Path from, Path to) {
    std::vector<std::pair<Path, Path>> todo{{std::move(from), std::move(to)}};
    while (!todo.empty()) {
        if (work.stop()) co_return fail(Code::aborted);
        const auto [source, target] = std::move(todo.back());
        todo.pop_back();
        const auto stat = co_await work.workspace.stat(source);
        if (!stat) co_return std::unexpected(stat.error());
        if (stat->is_file()) {
            if (auto copied = co_await copy_file(work, source, target); !copied) co_return copied;
            continue;
        }
        if (!stat->is_directory()) continue;
        if (auto made = co_await work.workspace.make_directory(target); !made) co_return made;
        auto entries = co_await entries_of(work.workspace, source);
        if (!entries) co_return std::unexpected(std::move(entries.error()));
        for (const Entry& entry : *entries) {
            // A link is neither followed into a loop nor made anew.
            if (entry.stat.kind == Kind::symlink) continue;
            todo.emplace_back(source.child(entry.name), target.child(entry.name));
        }
    }
    co_return Result<void>();
}

net::Task<Result<void>> remove_tree(TreeWork work, Path path) {
    std::vector<std::pair<Path, bool>> todo{{std::move(path), false}};  // and whether what is below has been looked at
    while (!todo.empty()) {
        if (work.stop()) co_return fail(Code::aborted);
        const Path next = todo.back().first;
        if (todo.back().second) {
            todo.pop_back();
            if (auto removed = co_await work.workspace.remove_directory(next); !removed) co_return removed;
            continue;
        }
        const auto entry = co_await work.workspace.entry(next);
        if (!entry) co_return std::unexpected(entry.error());
        if (!entry->stat.is_directory()) {
            todo.pop_back();
            if (auto removed = co_await work.workspace.remove_file(next); !removed) co_return removed;
            continue;
        }
        todo.back().second = true;
        auto entries = co_await entries_of(work.workspace, next);
        if (!entries) co_return std::unexpected(std::move(entries.error()));
        for (const Entry& one : *entries) todo.emplace_back(next.child(one.name), false);
    }
    co_return Result<void>();
}

}  // namespace wherry::i2ftp
