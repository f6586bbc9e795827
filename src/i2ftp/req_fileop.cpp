// FIOP: rename, move, copy, remove, make a directory.
#include "i2ftp/requests.h"
#include "i2ftp/session.h"
#include "i2ftp/tree.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

enum Operation : int { rename_it = 0, move_it = 1, copy_it = 2, remove_it = 3, make_directory = 4 };

net::Task<bool> is_there(Session& session, const Path& path) {
    const auto entry = co_await session.workspace().entry(path);
    co_return entry.has_value();
}

TreeWork work_of(Session& session) {
    return {session.workspace(), session.loop(), [&session] { return session.ending(); }};
}

void answer(Session& session, const Result<void>& done) {
    if (done) {
        session.done(says::done);
    } else {
        session.refuse(done.error());
    }
}

// Where renaming cannot go (another filesystem), by copying and removing.
net::Task<Result<void>> move_tree(Session& session, const Path& from, const Path& to) {
    auto renamed = co_await session.workspace().rename(from, to);
    if (renamed || renamed.error().code != Code::unsupported) co_return renamed;
    if (auto copied = co_await copy_tree(work_of(session), from, to); !copied) co_return copied;
    co_return co_await remove_tree(work_of(session), from);
}

net::Task<void> with_two(Session& session, int code, const Path& from, const Path& to) {
    if (!co_await is_there(session, from)) co_return session.refuse(says::missing);
    if (co_await is_there(session, to)) {
        co_return session.refuse(code == rename_it ? says::name_exists : says::path_exists);
    }
    if (from.is_root() || to.is_inside(from)) co_return session.refuse("a directory cannot be put into itself");
    if (code == copy_it) {
        answer(session, co_await copy_tree(work_of(session), from, to));
    } else {
        answer(session, co_await move_tree(session, from, to));
    }
}

net::Task<void> remove(Session& session, const Path& path) {
    if (!co_await is_there(session, path)) co_return session.refuse(says::missing);
    if (path.is_root()) co_return session.refuse("the root cannot be removed");
    answer(session, co_await remove_tree(work_of(session), path));
}

net::Task<void> make(Session& session, const Path& path) {
    if (co_await is_there(session, path)) co_return session.refuse(says::path_exists);
    std::vector<Path> missing{path};
    for (Path parent = path.parent(); !co_await is_there(session, parent); parent = parent.parent()) {
        missing.push_back(parent);
    }
    Result<void> done;
    for (; !missing.empty() && done; missing.pop_back()) {
        done = co_await session.workspace().make_directory(missing.back());
    }
    answer(session, done);
}

}  // namespace

net::Task<void> operate(Session& session, View payload) {
    const auto operation = parse_file_operation(payload);
    if (!operation) co_return session.refuse("no operation given");
    std::vector<Path> paths;
    std::string_view impossible;
    for (const std::string_view one : operation->paths) {
        auto path = parse_path(one, says::missing);
        if (path) {
            paths.push_back(std::move(*path));
        } else if (path.error() == says::bad_path) {
            co_return session.refuse(says::bad_path);
        } else {
            impossible = path.error();
        }
    }
    if (operation->code > make_directory) co_return session.done(says::done);
    if (!impossible.empty()) co_return session.refuse(impossible);
    const bool two = operation->code <= copy_it;
    if (two && paths.size() < 2) co_return session.refuse("two paths are needed");
    if (two) {
        co_await with_two(session, operation->code, paths[0], paths[1]);
    } else if (operation->code == remove_it) {
        co_await remove(session, paths[0]);
    } else {
        co_await make(session, paths[0]);
    }
}

}  // namespace wherry::i2ftp
