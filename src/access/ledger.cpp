#include "access/ledger.h"

#include <algorithm>

namespace wherry {
namespace {

// Stays at the largest number instead of wrapping.
std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

// `amount` moved by a signed step; stays at zero instead of going below.
std::uint64_t stepped(std::uint64_t amount, std::int64_t step) {
    if (step >= 0) return sum(amount, static_cast<std::uint64_t>(step));
    const std::uint64_t down = 0 - static_cast<std::uint64_t>(step);
    return amount > down ? amount - down : 0;
}

// What may still come. `most` 0 is no limit. The tree may hold more than the limit already, if that was lowered.
std::uint64_t room(std::uint64_t used, std::uint64_t reserved, std::uint64_t most) {
    if (most == 0) return UINT64_MAX - std::max(used, reserved);
    if (used >= most || reserved >= most - used) return 0;
    return most - used - reserved;
}

std::unexpected<Error> no_more(const char* of_what) { return fail(Code::quota, std::string("quota of ") + of_what); }

// A directory that is gone or closed to us is no reason to refuse the whole tree.
bool passed_over(Code code) { return code == Code::not_found || code == Code::denied || code == Code::not_directory; }

// Reads a tree depth first. A listing is open for each level above the place it is at, so that memory does not grow
// with the tree.
class Measure {
public:
    explicit Measure(Filesystem& filesystem) : filesystem_(filesystem) {}

    Result<Usage> run() {
        if (auto entered = enter(Path()); !entered) return fail(std::move(entered.error()));
        while (!levels_.empty()) {
            if (auto done = step(); !done) return fail(std::move(done.error()));
        }
        return usage_;
    }

private:
    static constexpr std::size_t batch_size = 500;

    struct Level {
        Path directory;
        ListingPtr listing;
        std::vector<Entry> batch;
        std::size_t next = 0;
    };

    Result<void> enter(const Path& directory) {
        if (levels_.size() >= Ledger::most_levels) {
            return fail(Code::unsupported, "measure " + directory.string() + ": the tree is too deep");
        }
        auto listing = filesystem_.list(directory, Detail::full);
        if (listing) {
            levels_.push_back({directory, std::move(*listing), {}, 0});
        } else if (!passed_over(listing.error().code)) {
            return fail(std::move(listing.error()));
        }
        return {};
    }

    Result<void> step() {
        Level& level = levels_.back();
        if (level.next < level.batch.size()) return count(level.directory, level.batch[level.next++]);
        level.next = 0;
        if (auto more = level.listing->next(level.batch, batch_size); !more) return fail(std::move(more.error()));
        if (level.batch.empty()) levels_.pop_back();
        return {};
    }

    Result<void> count(const Path& directory, const Entry& entry) {
        if (++entries_ > Ledger::most_entries) {
            return fail(Code::unsupported, "measure: the tree has too many entries");
        }
        if (entry.stat.is_directory()) return enter(directory.child(entry.name));
        if (!entry.stat.is_file()) return {};
        usage_.bytes = sum(usage_.bytes, entry.stat.size);
        ++usage_.files;
        return {};
    }

    Filesystem& filesystem_;
    std::vector<Level> levels_;
    Usage usage_;
    std::uint64_t entries_ = 0;
};

}  // namespace

Reservation::Reservation(Reservation&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      user_(std::move(other.user_)),
      bytes_(std::exchange(other.bytes_, 0)),
      files_(std::exchange(other.files_, 0)) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
    if (this == &other) return *this;
    settle(0, 0);
    ledger_ = std::exchange(other.ledger_, nullptr);
    user_ = std::move(other.user_);
    bytes_ = std::exchange(other.bytes_, 0);
    files_ = std::exchange(other.files_, 0);
    return *this;
}

Reservation::~Reservation() { settle(0, 0); }

Result<void> Reservation::cover(std::uint64_t bytes) {
    if (ledger_ == nullptr || bytes <= bytes_) return {};
    auto grown = ledger_->grow(user_, bytes - bytes_);
    if (grown) bytes_ = bytes;
    return grown;
}

void Reservation::settle(std::int64_t bytes, std::int64_t files) {
    if (Ledger* const ledger = std::exchange(ledger_, nullptr)) ledger->end(user_, {bytes_, files_}, bytes, files);
    bytes_ = 0;
    files_ = 0;
}

bool Ledger::ready(const User& user) const {
    if (!limited(user)) return true;
    const std::lock_guard lock(mutex_);
    return accounts_.contains(user.name);
}

void Ledger::load(const User& user, Usage usage) {
    const std::lock_guard lock(mutex_);
    accounts_.try_emplace(user.name, Account{usage, {}, {user.limits.storage, user.limits.files}});
}

Result<Usage> Ledger::measure(Filesystem& filesystem) { return Measure(filesystem).run(); }

Result<Reservation> Ledger::reserve(const User& user, std::uint64_t bytes, std::uint64_t files) {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find(user.name);
    if (found == accounts_.end()) {
        if (!limited(user)) return Reservation();
        return fail(Code::internal, "reserve: the tree of this user has not been measured");
    }
    Account& account = found->second;
    account.most = {user.limits.storage, user.limits.files};
    // An upload whose size nobody knows asks for no byte yet; without room for a single one it need not begin.
    if (room(account.used.bytes, account.reserved.bytes, account.most.bytes) < std::max<std::uint64_t>(bytes, 1)) {
        return no_more("bytes");
    }
    if (files != 0 && room(account.used.files, account.reserved.files, account.most.files) < files) {
        return no_more("files");
    }
    Reservation reservation(this, user.name, bytes, files);
    account.reserved.bytes += bytes;
    account.reserved.files += files;
    return reservation;
}

Result<void> Ledger::grow(const std::string& user, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    Account& account = accounts_.at(user);
    if (room(account.used.bytes, account.reserved.bytes, account.most.bytes) < bytes) return no_more("bytes");
    account.reserved.bytes += bytes;
    return {};
}

void Ledger::end(const std::string& user, const Usage& reserved, std::int64_t bytes, std::int64_t files) {
    const std::lock_guard lock(mutex_);
    Account& account = accounts_.at(user);
    account.reserved.bytes -= reserved.bytes;
    account.reserved.files -= reserved.files;
    account.used.bytes = stepped(account.used.bytes, bytes);
    account.used.files = stepped(account.used.files, files);
}

void Ledger::change(const User& user, std::int64_t bytes, std::int64_t files) {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find(user.name);
    if (found == accounts_.end()) return;
    found->second.used.bytes = stepped(found->second.used.bytes, bytes);
    found->second.used.files = stepped(found->second.used.files, files);
}

Usage Ledger::usage(const std::string& user) const {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find(user);
    return found == accounts_.end() ? Usage{} : found->second.used;
}

}  // namespace wherry
