#pragma once
// PortPool: a range of passive ports, handed out as leases in an order that nobody can foresee (RFC 2577: ports that
// can be guessed let a stranger take a transfer). SystemPorts: those of the system, where no range is configured.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
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

// The ports that the system gives to whoever asks for any (ip_local_port_range). Where reserved ones lie among them
// (ip_local_reserved_ports), and where the range cannot be known, only the system can choose.
class SystemPorts {
public:
    SystemPorts(std::string_view range, std::string_view reserved);  // as proc(5) shows them: "32768\t60999\n", "\n"
    static SystemPorts read();

    std::uint16_t any() const;  // taken or not, at random; 0: let the system choose

private:
    std::uint16_t first_ = 0;
    std::uint16_t count_ = 0;
};

}  // namespace wherry::net
