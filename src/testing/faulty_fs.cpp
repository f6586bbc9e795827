#include "testing/faulty_fs.h"

#include <condition_variable>
#include <limits>
#include <mutex>

namespace wherry::testing {

struct FaultyFilesystem::State {
    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::uint64_t operations = 0;
    std::uint64_t first_fault = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t last_fault = 0;
    Code code = Code::io;
    bool hangs = false;
    bool at_once = false;
    std::size_t hanging = 0;
    std::size_t files = 0;
    std::size_t listings = 0;
    std::uint64_t reads = 0;
    std::uint64_t shows_descriptors_after = std::numeric_limits<std::uint64_t>::max();  // reads

    void plan(std::uint64_t first, std::uint64_t last, Code with) {
        const std::scoped_lock lock(mutex);
        operations = 0;
        first_fault = first;
        last_fault = last;
        code = with;
    }

    // Each operation begins with it, and goes no further if it fails.
    Result<void> step(bool may_wait = true) {
        std::unique_lock lock(mutex);
        const std::uint64_t number = operations++;
        if (hangs && !may_wait) return fail(Code::would_block);
        if (hangs) {
            ++hanging;
            changed.notify_all();
            changed.wait(lock, [this] { return !hangs; });
            --hanging;
        }
        if (number >= first_fault && number <= last_fault) return fail(code, "a fault the test asked for");
        return {};
    }

    void count(std::size_t State::* what, bool more) {
        const std::scoped_lock lock(mutex);
        more ? ++(this->*what) : --(this->*what);
    }
    template <class T>
    T get(T State::* what) const {
        const std::scoped_lock lock(mutex);
        return this->*what;
    }
};

namespace {

using StatePtr = std::shared_ptr<FaultyFilesystem::State>;

// The operation `call`, if it may be.
template <class Call>
auto attempt(FaultyFilesystem::State& state, Call call, bool may_wait = true) -> decltype(call()) {
    if (auto good = state.step(may_wait); !good) return fail(std::move(good.error()));
    return call();
}

class FaultyListing final : public Listing {
public:
    FaultyListing(StatePtr state, ListingPtr inner) : state_(std::move(state)), inner_(std::move(inner)) {
        state_->count(&FaultyFilesystem::State::listings, true);
    }
    ~FaultyListing() override { state_->count(&FaultyFilesystem::State::listings, false); }
    Result<void> next(std::vector<Entry>& out, std::size_t most) override {
        return attempt(*state_, [&] { return inner_->next(out, most); });
    }

private:
    StatePtr state_;
    ListingPtr inner_;
};

class FaultyFile final : public File {
public:
    FaultyFile(StatePtr state, FilePtr inner) : state_(std::move(state)), inner_(std::move(inner)) {
        state_->count(&FaultyFilesystem::State::files, true);
    }
    ~FaultyFile() override { state_->count(&FaultyFilesystem::State::files, false); }

    Result<Stat> stat() override {
        return attempt(*state_, [&] { return inner_->stat(); });
    }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
        {
            const std::scoped_lock lock(state_->mutex);
            ++state_->reads;
        }
        return attempt(*state_, [&] { return inner_->read_at(offset, into); });
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> from) override {
        return attempt(*state_, [&] { return inner_->write_at(offset, from); });
    }
    Result<void> truncate(std::uint64_t size) override {
        return attempt(*state_, [&] { return inner_->truncate(size); });
    }
    Result<void> allocate(std::uint64_t size) override {
        return attempt(*state_, [&] { return inner_->allocate(size); });
    }
    int descriptor() const noexcept override {
        const std::scoped_lock lock(state_->mutex);
        return state_->reads < state_->shows_descriptors_after ? -1 : inner_->descriptor();
    }
    void failed(Code cause) override { inner_->failed(cause); }
    Result<void> close() override {
        auto good = state_->step();
        if (good) return inner_->close();
        inner_->failed(good.error().code);
        (void)inner_->close();
        return good;
    }

private:
    StatePtr state_;
    FilePtr inner_;
};

}  // namespace

FaultyFilesystem::FaultyFilesystem(FilesystemPtr inner) : inner_(std::move(inner)), state_(std::make_shared<State>()) {}
FaultyFilesystem::~FaultyFilesystem() = default;

void FaultyFilesystem::fail_at(std::uint64_t nth, Code code) { state_->plan(nth, nth, code); }

void FaultyFilesystem::fail_from(std::uint64_t nth, Code code) {
    state_->plan(nth, std::numeric_limits<std::uint64_t>::max(), code);
}

void FaultyFilesystem::heal() { state_->plan(std::numeric_limits<std::uint64_t>::max(), 0, Code::io); }

std::uint64_t FaultyFilesystem::operations() const { return state_->get(&State::operations); }

void FaultyFilesystem::show_descriptors_after(std::uint64_t reads) {
    const std::scoped_lock lock(state_->mutex);
    state_->shows_descriptors_after = reads;
}

void FaultyFilesystem::hang() {
    const std::scoped_lock lock(state_->mutex);
    state_->hangs = true;
}

void FaultyFilesystem::release() {
    const std::scoped_lock lock(state_->mutex);
    state_->hangs = false;
    state_->changed.notify_all();
}

void FaultyFilesystem::wait_until_hanging(std::size_t count) const {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->hanging >= count; });
}

std::size_t FaultyFilesystem::hanging() const { return state_->get(&State::hanging); }
std::size_t FaultyFilesystem::open_files() const { return state_->get(&State::files); }
std::size_t FaultyFilesystem::open_listings() const { return state_->get(&State::listings); }

void FaultyFilesystem::answer_at_once(bool on) {
    const std::scoped_lock lock(state_->mutex);
    state_->at_once = on;
}

bool FaultyFilesystem::can_answer_at_once() const noexcept {
    return state_->get(&State::at_once) && inner_->can_answer_at_once();
}

std::uint64_t FaultyFilesystem::reads() const { return state_->get(&State::reads); }

Result<Stat> FaultyFilesystem::stat(const Path& path) {
    return attempt(*state_, [&] { return inner_->stat(path); });
}

Result<Stat> FaultyFilesystem::lstat(const Path& path) {
    return attempt(*state_, [&] { return inner_->lstat(path); });
}

Result<Stat> FaultyFilesystem::stat_at_once(const Path& path) {
    if (!can_answer_at_once()) return fail(Code::would_block);
    return attempt(*state_, [&] { return inner_->stat_at_once(path); }, false);
}

Result<ListingPtr> FaultyFilesystem::list(const Path& path, Detail detail) {
    return attempt(*state_, [&]() -> Result<ListingPtr> {
        auto listing = inner_->list(path, detail);
        if (!listing) return listing;
        return std::make_unique<FaultyListing>(state_, std::move(*listing));
    });
}

Result<FilePtr> FaultyFilesystem::open(const Path& path, const OpenMode& mode) {
    if (!mode.wait && !can_answer_at_once()) return fail(Code::would_block);
    return attempt(
        *state_,
        [&]() -> Result<FilePtr> {
            auto file = inner_->open(path, mode);
            if (!file) return file;
            return std::make_unique<FaultyFile>(state_, std::move(*file));
        },
        mode.wait);
}

Result<void> FaultyFilesystem::make_directory(const Path& path, std::uint32_t mode) {
    return attempt(*state_, [&] { return inner_->make_directory(path, mode); });
}

Result<void> FaultyFilesystem::remove_directory(const Path& path) {
    return attempt(*state_, [&] { return inner_->remove_directory(path); });
}

Result<void> FaultyFilesystem::remove_file(const Path& path) {
    return attempt(*state_, [&] { return inner_->remove_file(path); });
}

Result<void> FaultyFilesystem::rename(const Path& from, const Path& to) {
    return attempt(*state_, [&] { return inner_->rename(from, to); });
}

Result<void> FaultyFilesystem::set_mode(const Path& path, std::uint32_t mode) {
    return attempt(*state_, [&] { return inner_->set_mode(path, mode); });
}

Result<void> FaultyFilesystem::set_modified(const Path& path, std::int64_t seconds) {
    return attempt(*state_, [&] { return inner_->set_modified(path, seconds); });
}

Result<void> FaultyFilesystem::set_created(const Path& path, std::int64_t seconds) {
    return attempt(*state_, [&] { return inner_->set_created(path, seconds); });
}

Result<std::string> FaultyFilesystem::read_link(const Path& path) {
    return attempt(*state_, [&] { return inner_->read_link(path); });
}

Result<Space> FaultyFilesystem::space(const Path& path) {
    return attempt(*state_, [&] { return inner_->space(path); });
}

Result<void> FaultyFilesystem::set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) {
    return attempt(*state_, [&] { return inner_->set_owner(path, uid, gid); });
}

Result<void> FaultyFilesystem::make_symlink(const Path& path, const Path& target) {
    return attempt(*state_, [&] { return inner_->make_symlink(path, target); });
}

Result<std::string> FaultyFilesystem::hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) {
    return attempt(*state_, [&] { return inner_->hash(path, algorithm, from, to); });
}

}  // namespace wherry::testing
