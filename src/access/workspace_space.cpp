// Workspace: how much there is, how much there may be, and names that nobody has.
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "access/tree_walk.h"
#include "access/workspace.h"

namespace wherry {
namespace {

constexpr std::size_t walk_batch = 2000;  // objects of one turn on the disk lane
constexpr int most_names_tried = 50;
constexpr std::size_t suffix_length = 8;

// ".k3x9q2ab" behind the name; the name is cut where it is too long for that.
Path with_random_suffix(const Path& base) {
    std::array<unsigned char, suffix_length> bytes{};
    if (::getentropy(bytes.data(), bytes.size()) != 0) throw std::runtime_error("no random bytes from the kernel");
    constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
    static_assert(letters.size() == 32);
    std::string name(base.name().substr(0, Path::max_component - suffix_length - 1));
    name += '.';
    for (const unsigned char byte : bytes) name += letters[byte % letters.size()];
    return base.parent().child(name);
}

}  // namespace

net::Task<Result<TransferPtr>> Workspace::open_unique(Path base, std::uint64_t announced) {
    if (auto allowed = need(base, 'w', "uploading"); !allowed) co_return std::unexpected(std::move(allowed.error()));
    if (base.is_root()) co_return fail(Code::is_directory, "uploading /");
    auto permit = commons_.limits.transfer(*user_, session_.peer);
    if (!permit) co_return std::unexpected(std::move(permit.error()));
    Transfer::Parts parts{.commons = commons_, .loop = loop_};
    begin_upload(parts);
    parts.permit = std::move(*permit);
    parts.throttle = commons_.rates.for_upload(*user_, &buckets_);
    auto opened = co_await on_disk([&]() -> Result<void> {
        for (int i = 0; i < most_names_tried; ++i) {
            parts.path = with_random_suffix(base);
            auto made = open_upload(parts.path, {.announced = announced, .exclusive = true}, parts);
            if (made || made.error().code != Code::exists) return made;
        }
        return fail(Code::busy, "uploading " + base.string() + ": no unique name in " +
                                    std::to_string(most_names_tried) + " attempts");
    });
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    co_return std::make_unique<Transfer>(std::move(parts));
}

net::Task<Result<std::uint64_t>> Workspace::available(Path directory) {
    if (auto allowed = need(directory, 'l', "looking at"); !allowed) {
        co_return std::unexpected(std::move(allowed.error()));
    }
    co_return co_await on_disk([&]() -> Result<std::uint64_t> {
        Filesystem& files = *user_->filesystem;
        const auto stat = files.stat(directory);
        if (!stat) return std::unexpected(stat.error());
        if (!stat->is_directory()) return fail(Code::not_directory, "asking space of " + directory.string());
        const auto space = files.space(directory);
        if (!space) return std::unexpected(space.error());
        std::uint64_t bytes = space->free - std::min(space->free, upload_policy().free_space_floor);
        if (user_->limits.storage != 0) {
            // Loads the account if need be; a quota that is used up is an answer and no failure.
            const auto reservation = reserve(0, 0);
            if (!reservation && reservation.error().code != Code::quota) return std::unexpected(reservation.error());
            const std::uint64_t used = commons_.ledger.usage(user_->name).bytes;
            bytes = std::min(bytes, user_->limits.storage - std::min(user_->limits.storage, used));
        }
        return bytes;
    });
}

net::Task<Result<Usage>> Workspace::usage() {
    if (!is_counted()) co_return fail(Code::unsupported, "usage of " + user_->name + ": there is no quota");
    co_return co_await on_disk([&]() -> Result<Usage> {
        const auto reservation = reserve(0, 0);
        if (!reservation && reservation.error().code != Code::quota) return std::unexpected(reservation.error());
        return commons_.ledger.usage(user_->name);
    });
}

net::Task<Result<Usage>> Workspace::measure(Path path, Work& work) {
    if (auto allowed = need(path, 'l', "measuring"); !allowed) co_return std::unexpected(std::move(allowed.error()));
    const Path root = path;
    TreeWalk walk(*user_->filesystem, std::move(path), [this](const Path& directory) { return may(directory, 'l'); });
    Usage usage;
    for (bool end = false; !end;) {
        auto walked = co_await on_disk([&]() -> Result<void> {
            for (std::size_t i = 0; i < walk_batch && !end; ++i) {
                const auto found = walk.next();
                if (!found) return std::unexpected(found.error());
                end = !found->has_value();
                if (end || !(*found)->stat.is_file() || !may((*found)->path, 'l')) continue;
                usage.bytes += (*found)->stat.size;
                ++usage.files;
            }
            return {};
        });
        work.done = usage.bytes;
        co_await loop_.bulk_turn();
        if (walked && work.stopped()) walked = fail(work.stop, "measuring " + root.string());
        if (!walked) {
            co_await on_disk([&] { TreeWalk(std::move(walk)); });  // closes what it holds open
            co_return std::unexpected(std::move(walked.error()));
        }
    }
    co_return usage;
}

}  // namespace wherry
