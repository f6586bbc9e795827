#pragma once
// PortPool: a range of passive ports, handed out as leases in an order that nobody can foresee (RFC 2577: ports that
// can be guessed let a stranger take a transfer).
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace wherry::net {

// Thread-safe; outlives its leases. Taking and giving back are O(1).
class PortPool {
public:
    // Both ends belong to the range; first == 0: no range, the system chooses and take() gives a lease of port 0.
    PortPool(std::uint16_t first, std::uint16_t last);

    class [[nodiscard]] Lease {
    public:
        Lease() = default;
        Lease(Lease&& other) noexcept
            : pool_(std::exchange(other.pool_, nullptr)), port_(std::exchange(other.port_, std::uint16_t{0})) {}
        Lease& operator=(Lease&& other) noexcept {
            std::swap(pool_, other.pool_);
            std::swap(port_, other.port_);
            return *this;
        }
        ~Lease() {
            if (pool_ != nullptr) pool_->give_back(port_);
        }
        std::uint16_t port() const noexcept { return port_; }

    private:
        friend class PortPool;
        Lease(PortPool* pool, std::uint16_t port) : pool_(pool), port_(port) {}
        PortPool* pool_ = nullptr;
        std::uint16_t port_ = 0;
    };

    // nullopt: all are taken.
    std::optional<Lease> take();
    // All ports of the range, taken or not, in a random order: for ports that are shared and so not leased.
    std::vector<std::uint16_t> shuffled() const;
    bool has_range() const noexcept { return ranged_; }
    std::size_t size() const noexcept { return size_; }

private:
    void give_back(std::uint16_t port);
    const std::uint16_t first_;
    const bool ranged_;
    const std::size_t size_;
    std::mutex mutex_;
    std::vector<std::uint16_t> free_;
};

}  // namespace wherry::net
