// LIST, NLST, MLSD: directories over the data connection (RFC 959 4.1.3, RFC 1123 4.1.2.7, RFC 3659 section 7).
//
// Entries are read and put into words on the disk lane, a batch at a time, and sent from the loop: the first line is
// out before the last entry is read, and memory does not grow with the directory.
#include <algorithm>
#include <ctime>
#include <functional>

#include "core/glob.h"
#include "ftp/deflated_text.h"
#include "ftp/list_arguments.h"
#include "ftp/listing.h"
#include "ftp/owner_lookup.h"
#include "ftp/recursion.h"
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

constexpr std::size_t batch = 1000;             // entries read at once
constexpr std::size_t sort_limit = 1000;        // a larger directory comes in the order of the disk
constexpr std::size_t wish_sort_limit = 20000;  // unless the client asked for an order (-t, -S, -r)

// Seconds by which clocks here were ahead of UTC at that time.
std::int64_t local_zone_offset(std::int64_t seconds) {
    const time_t when = seconds;
    tm local{};
    return localtime_r(&when, &local) != nullptr ? local.tm_gmtoff : 0;
}

enum class Order : std::uint8_t { name, time, size };

void sort(std::vector<Entry>& entries, Order order, bool reverse) {
    const auto before = [order](const Entry& a, const Entry& b) {
        if (order == Order::time && a.stat.modified != b.stat.modified) return a.stat.modified > b.stat.modified;
        if (order == Order::size && a.stat.size != b.stat.size) return a.stat.size > b.stat.size;
        return a.name < b.name;
    };
    if (reverse) {
        std::ranges::sort(entries, [&](const Entry& a, const Entry& b) { return before(b, a); });
    } else {
        std::ranges::sort(entries, before);
    }
}

// What is to be listed and how, for all three commands.
struct Request {
    Path path;
    std::string pattern;  // only names that match it; empty: all
    Detail detail = Detail::full;
    Order order = Order::name;
    bool reverse = false;
    Recursion* recursion = nullptr;                                    // LIST -R, where it is served
    bool only_directory = false;                                       // MLSD of a file is an error
    bool itself = false;                                               // LIST -d
    std::function<void(std::string& out, const Entry& entry)> append;  // one line; on the disk lane
    std::function<void(std::string& out, const Entry& entry)>
        append_itself;  // if the path is no directory; else append
};

// Reads a directory to its end, in pieces of text.
class Lines {
public:
    Lines(ListingPtr listing, const Request& request) : listing_(std::move(listing)), request_(request) {}

    // On the disk lane: the next piece into `out`; empty where no name of the batch matched, and at the end.
    Result<void> next(std::string& out) {
        out.clear();
        if (!listing_) return {};
        if (auto read = read_batch(entries_); !read) return read;
        if (first_) {
            first_ = false;
            if (auto read = read_to_sort(); !read) return read;
        }
        for (const Entry& entry : entries_) request_.append(out, entry);
        if (at_end_) listing_.reset();
        if (at_end_ && request_.recursion != nullptr) {
            listing_ = request_.recursion->next(out);
            first_ = true;
        }
        return {};
    }
    bool more() const noexcept { return listing_ != nullptr; }
    void close() { listing_.reset(); }

private:
    Result<void> read_batch(std::vector<Entry>& into) {
        if (auto read = listing_->next(into, batch); !read) return read;
        at_end_ = into.empty();
        whole_ = into.size() < batch;
        if (request_.pattern.empty()) return {};
        std::erase_if(into, [&](const Entry& entry) { return !glob_matches(request_.pattern, entry.name); });
        return {};
    }

    // A directory that is small enough comes sorted.
    Result<void> read_to_sort() {
        const bool wished = request_.order != Order::name || request_.reverse;
        const std::size_t limit = wished ? wish_sort_limit : sort_limit;
        std::vector<Entry> more;
        for (std::size_t seen = batch; !whole_ && seen < limit; seen += batch) {
            if (auto read = read_batch(more); !read) return read;
            std::ranges::move(more, std::back_inserter(entries_));
        }
        if (whole_) sort(entries_, request_.order, request_.reverse);
        return {};
    }

    ListingPtr listing_;
    const Request& request_;
    std::vector<Entry> entries_;
    bool first_ = true;
    bool at_end_ = false;
    bool whole_ = false;  // a batch that is not full is the last
};

net::Task<net::Io> send_lines(Session& session, net::Stream& stream, Lines& lines, std::string& text) {
    const auto stall = session.stall_timeout();
    DeflatedText sender(session);
    Result<void> read;
    while (read && (!text.empty() || lines.more())) {
        stream.set_deadline(session.loop().now() + stall);
        if (session.has_charset()) text = session.to_client(text);
        const net::Io io = co_await sender.send(stream, text);
        if (!io.ok()) co_return io;
        read = co_await session.workspace().on_disk([&] { return lines.next(text); });
        co_await session.loop().bulk_turn();
        if (stream.cause() != Code::ok) co_return net::Io::failed(stream.cause());
    }
    if (!read) co_return net::Io::failed(read.error().code, read.error().system);
    stream.set_deadline(session.loop().now() + stall);
    co_return co_await sender.end(stream);
}

// A pattern in the last component of what the client typed is served if no object has that very name: of its directory
// the entries that match, never what is in them. False if the reply has been given.
net::Task<bool> take_pattern(Session& session, Request& request, std::string_view typed) {
    const std::string_view last = typed.substr(typed.rfind('/') + 1);
    if (!has_wildcard(last)) co_return true;
    const auto literal = co_await session.workspace().entry(request.path);
    if (literal || literal.error().code != Code::not_found) co_return true;
    if (count_glob_stars(last) > max_glob_stars) {
        session.reply(550, "Too many * in the pattern");
        co_return false;
    }
    request.pattern = last;
    request.path = request.path.parent();
    request.itself = false;
    co_return true;
}

// The one object itself: a file, or a directory with -d.
net::Task<Result<std::string>> single(Session& session, const Request& request) {
    auto entry = co_await session.workspace().entry(request.path);
    if (!entry) co_return std::unexpected(std::move(entry.error()));
    if (request.only_directory) co_return fail(Code::not_directory);
    std::string text;
    (request.append_itself ? request.append_itself : request.append)(text, *entry);
    co_return text;
}

net::Task<void> send_listing(Session& session, Request request) {
    auto listing = request.itself ? Result<ListingPtr>(fail(Code::not_directory))
                                  : co_await session.workspace().list(request.path, request.detail);
    std::string text;
    Lines lines(listing ? std::move(*listing) : nullptr, request);
    if (!listing && listing.error().code == Code::not_directory) {
        auto one = co_await single(session, request);
        if (!one) {
            if (one.error().code == Code::not_directory) co_return session.reply(501, "Not a directory");
            co_return session.refuse(one.error());
        }
        text = std::move(*one);
    } else if (!listing) {
        co_return session.refuse(listing.error());
    } else {
        const auto first = co_await session.workspace().on_disk([&] { return lines.next(text); });
        if (!first) co_return session.refuse(first.error());
    }
    auto stream = co_await session.open_data("Sending the listing");
    if (stream) {
        const net::Io io = co_await send_lines(session, *stream, lines, text);
        co_await session.end_data(std::move(stream), io);
    }
    co_await session.workspace().on_disk([&] { lines.close(); });
}

// Options in front of the path; but a file may be called so, and an operator may not want any.
net::Task<ListArguments> listing_arguments(Session& session, std::string_view argument) {
    ListArguments arguments = parse_list_arguments(argument);
    bool literal = !session.settings().list_options;
    if (!literal && arguments.options) {
        const auto whole = session.resolve(argument);
        literal = whole && co_await session.workspace().stat(*whole);
    }
    if (literal) arguments = {.whole = argument, .path = argument};
    co_return arguments;
}

}  // namespace

net::Task<void> list(Session& session, std::string_view argument) {
    const auto arguments = co_await listing_arguments(session, argument);
    auto path = session.resolve(arguments.path);
    if (!path) co_return session.refuse(path.error());
    ListStyle style;
    style.now = session.commons().runtime.clock().wall_seconds();
    style.classify = arguments.classify;
    if (session.settings().show_local_time) style.zone_offset = local_zone_offset;
    Request request{.path = std::move(*path), .reverse = arguments.reverse, .itself = arguments.directory_itself};
    if (arguments.by_size) request.order = Order::size;
    if (arguments.by_time) request.order = Order::time;
    if (session.settings().owner_names && !arguments.numeric) {
        style.owners = OwnerNames(user_name);
        style.groups = OwnerNames(group_name);
    }
    Recursion recursion(session.workspace(), request.path, arguments.recursive ? session.settings().list_recursion : 0);
    if (arguments.recursive && session.settings().list_recursion > 0) request.recursion = &recursion;
    request.append = [&style, &recursion](std::string& out, const Entry& entry) {
        append_list(out, entry, style);
        recursion.note(entry);
    };
    if (!co_await take_pattern(session, request, arguments.path)) co_return;
    if (!request.pattern.empty() || request.itself) request.recursion = nullptr;
    co_await send_listing(session, std::move(request));
}

net::Task<void> nlst(Session& session, std::string_view argument) {
    const auto arguments = co_await listing_arguments(session, argument);
    auto path = session.resolve(arguments.path);
    if (!path) co_return session.refuse(path.error());
    // Names as the client can use them (RFC 1123 4.1.2.7): with the directory it asked for in front.
    std::string prefix(arguments.path);
    if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
    Request request{.path = std::move(*path), .detail = arguments.classify ? Detail::full : Detail::names};
    const bool classify = arguments.classify;
    request.append = [&](std::string& out, const Entry& entry) { append_name(out, prefix, entry, classify); };
    const std::string_view parent = arguments.path.substr(0, arguments.path.rfind('/') + 1);
    request.append_itself = [&](std::string& out, const Entry& entry) { append_name(out, parent, entry, classify); };
    if (!co_await take_pattern(session, request, arguments.path)) co_return;
    if (!request.pattern.empty()) prefix = parent;
    co_await send_listing(session, std::move(request));
}

net::Task<void> mlsd(Session& session, std::string_view argument) {
    auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    MlsxStyle style;
    style.facts = session.facts;
    Workspace& workspace = session.workspace();
    const Path directory = *path;
    const Perm usual = workspace.permissions(directory.child("x"));
    const bool has_rules = !workspace.user().rules.empty();
    Request request{.path = std::move(*path), .only_directory = true};
    request.append = [&](std::string& out, const Entry& entry) {
        style.permissions = has_rules ? workspace.permissions(directory.child(entry.name)) : usual;
        append_mlsd(out, entry, style);
    };
    co_await send_listing(session, std::move(request));
}

}  // namespace wherry::ftp
