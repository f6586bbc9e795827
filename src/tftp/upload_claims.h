#pragma once
// UploadClaims: which files are being uploaded, so that two clients do not write one at the same time.
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace wherry::tftp {

// Thread-safe; outlives its claims.
class UploadClaims {
public:
    class Claim {
    public:
        Claim() = default;
        Claim(Claim&& other) noexcept : all_(std::exchange(other.all_, nullptr)), file_(std::move(other.file_)) {}
        Claim& operator=(Claim&& other) noexcept {
            std::swap(all_, other.all_);
            std::swap(file_, other.file_);
            return *this;
        }
        ~Claim() { release(); }
        void release() noexcept {
            UploadClaims* const all = std::exchange(all_, nullptr);
            if (all == nullptr) return;
            const std::lock_guard lock(all->mutex_);
            all->files_.erase(file_);
        }
        explicit operator bool() const noexcept { return all_ != nullptr; }

    private:
        friend class UploadClaims;
        Claim(UploadClaims* all, std::string file) : all_(all), file_(std::move(file)) {}
        UploadClaims* all_ = nullptr;
        std::string file_;
    };

    // `file`: what the file is known by, in whatever folder it is (see Tree::id_of). An empty one: somebody else has
    // it.
    Claim claim(const std::string& file) {
        const std::lock_guard lock(mutex_);
        return files_.insert(file).second ? Claim(this, file) : Claim();
    }

private:
    std::mutex mutex_;
    std::set<std::string> files_;
};

}  // namespace wherry::tftp
