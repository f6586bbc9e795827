#pragma once
// UploadClaims: which paths are being uploaded, so that two clients do not write one file at the same time.
#include <mutex>
#include <set>
#include <utility>

#include "wherry/path.h"

namespace wherry::tftp {

// Thread-safe; outlives its claims.
class UploadClaims {
public:
    class Claim {
    public:
        Claim() = default;
        Claim(Claim&& other) noexcept : all_(std::exchange(other.all_, nullptr)), path_(std::move(other.path_)) {}
        Claim& operator=(Claim&& other) noexcept {
            std::swap(all_, other.all_);
            std::swap(path_, other.path_);
            return *this;
        }
        ~Claim() { release(); }
        void release() noexcept {
            UploadClaims* const all = std::exchange(all_, nullptr);
            if (all == nullptr) return;
            const std::lock_guard lock(all->mutex_);
            all->paths_.erase(path_);
        }
        explicit operator bool() const noexcept { return all_ != nullptr; }

    private:
        friend class UploadClaims;
        Claim(UploadClaims* all, Path path) : all_(all), path_(std::move(path)) {}
        UploadClaims* all_ = nullptr;
        Path path_;
    };

    // An empty one: somebody else has it.
    Claim claim(const Path& path) {
        const std::lock_guard lock(mutex_);
        return paths_.insert(path).second ? Claim(this, path) : Claim();
    }

private:
    std::mutex mutex_;
    std::set<Path> paths_;
};

}  // namespace wherry::tftp
