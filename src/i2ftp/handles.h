#pragma once
// Handles: the open files of all clients, by the 16-byte ids that clients name them with. An id outlives the connection
// it was made on and is good on any connection with the same key, and on no other. Thread-safe.
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "access/transfer.h"
#include "i2ftp/random.h"
#include "i2ftp/settings.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {

using Id = std::array<Byte, id_size>;

// One open file.
class Handle {
public:
    enum class Kind : std::uint8_t { download, upload };
    enum class Sum : std::uint8_t { none, running, known, failed };

    Handle(Kind what, std::string whose, std::shared_ptr<Transfer> moves)
        : kind(what), owner(std::move(whose)), path(moves->path()), size(moves->size()), transfer(std::move(moves)) {}

    const Kind kind;
    const std::string owner;  // which key
    const Path path;
    const std::uint64_t size;  // of a download, when it was opened
    const std::shared_ptr<Transfer> transfer;
    Id id{};
    std::string expected;  // of an upload: the hash that the client gave; empty: none

    // --- the digest, computed by a worker ----------------------------------------------------------------------------
    std::atomic<Sum> sum{Sum::none};
    std::string digest;  // set before `sum` becomes known, and never again

    // --- an upload ---------------------------------------------------------------------------------------------------
    // Writes on a worker. The first write after a PULF that found a kept upload says what becomes of what is kept.
    Result<void> write(std::uint64_t start, View data);
    // Before the end: a client that wrote nothing at all has made an empty file.
    Result<void> settle();
    // How much of the file is there from its beginning without a gap.
    std::uint64_t prefix() const noexcept { return prefix_.load(); }
    // What LIST tells the uploader: how much would be kept, or how far it was written.
    std::uint64_t extent() const noexcept { return extent_.load(); }
    // This handle goes on where `earlier` ended.
    void continue_from(const Handle& earlier);

    // --- how it is used ----------------------------------------------------------------------------------------------
    std::atomic<net::TimePoint> used{net::TimePoint()};
    std::atomic<int> busy{0};      // requests that work on it now
    std::atomic<int> attached{0};  // connections that used it and are still there
    std::atomic<bool> closed{false};

private:
    std::mutex writing_;      // of workers; never taken on a loop
    bool undecided_ = false;  // kept content is there, and the client has not written yet
    std::atomic<std::uint64_t> prefix_{0};
    std::atomic<std::uint64_t> extent_{0};
};
using HandlePtr = std::shared_ptr<Handle>;

// A handle while a request works on it: it neither expires nor is it taken over meanwhile.
class Lease {
public:
    Lease() = default;
    explicit Lease(HandlePtr handle) noexcept : handle_(std::move(handle)) { ++handle_->busy; }
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
        if (handle_) --handle_->busy;
    }
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    Handle* operator->() const noexcept { return handle_.get(); }
    Handle& operator*() const noexcept { return *handle_; }
    const HandlePtr& pointer() const noexcept { return handle_; }

private:
    HandlePtr handle_;
};

class Handles {
public:
    Handles(const Settings& settings, Random& random) : settings_(settings), random_(random) {}

    bool full() const;
    // Gives it an id. False: there is no room.
    bool add(const HandlePtr& handle, net::TimePoint now);
    // Empty: there is none of that id for that key.
    Lease find(View id, const std::string& owner) const;
    // Takes it out; true for exactly one of those who try.
    bool close(Handle& handle);
    // The upload of that file by that key that is open now; null: none.
    HandlePtr upload_of(const std::string& owner, const Path& path) const;
    // An upload of that file that was interrupted: kept, or left by connections that have gone. It is taken out.
    HandlePtr take_interrupted(const std::string& owner, const Path& path);

    // Those whose time has come. Interrupted uploads are kept for a while first; what is returned must be ended.
    std::vector<HandlePtr> expired(net::TimePoint now);
    std::vector<HandlePtr> take_all();
    bool empty() const;
    std::size_t open() const;
    std::size_t kept() const;

private:
    void keep(const HandlePtr& handle, std::vector<HandlePtr>& over);

    const Settings& settings_;
    Random& random_;
    mutable std::mutex mutex_;
    std::map<Id, HandlePtr> open_;
    std::vector<HandlePtr> kept_;  // the oldest first
};

}  // namespace wherry::i2ftp
