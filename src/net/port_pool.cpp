#include "net/port_pool.h"

#include <sys/random.h>

#include <random>

namespace wherry::net {
namespace {

std::size_t random_below(std::size_t limit) {
    std::uint64_t value = 0;
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof value)) {
        value = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
    }
    return static_cast<std::size_t>(value % limit);
}

}  // namespace

PortPool::PortPool(std::uint16_t first, std::uint16_t last)
    : first_(first),
      ranged_(first != 0 && last >= first),
      size_(ranged_ ? static_cast<std::size_t>(last - first) + 1 : 0) {
    free_.reserve(size_);
    for (std::size_t i = 0; i < size_; ++i) free_.push_back(static_cast<std::uint16_t>(first + i));
}

std::optional<PortPool::Lease> PortPool::take() {
    if (!ranged_) return Lease(nullptr, 0);
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::nullopt;
    std::swap(free_[random_below(free_.size())], free_.back());
    const std::uint16_t port = free_.back();
    free_.pop_back();
    return Lease(this, port);
}

std::vector<std::uint16_t> PortPool::shuffled() const {
    std::vector<std::uint16_t> ports;
    for (std::size_t i = 0; i < size_; ++i) ports.push_back(static_cast<std::uint16_t>(first_ + i));
    for (std::size_t left = ports.size(); left > 1; --left) std::swap(ports[random_below(left)], ports[left - 1]);
    return ports;
}

void PortPool::give_back(std::uint16_t port) {
    const std::lock_guard lock(mutex_);
    free_.push_back(port);
}

}  // namespace wherry::net
