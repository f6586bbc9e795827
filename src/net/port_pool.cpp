#include "net/port_pool.h"

#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace wherry::net {
namespace {

std::size_t random_below(std::size_t limit) {
    std::uint64_t value = 0;
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof value)) {
        value = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
    }
    return static_cast<std::size_t>(value % limit);
}

// The number that the text begins with, which is taken off it; 0: there is none.
std::uint16_t take_port(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc() ? port : std::uint16_t{0};
}

std::string content_of(const char* file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
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

SystemPorts::SystemPorts(std::string_view range, std::string_view reserved) {
    const std::uint16_t first = take_port(range);
    const std::uint16_t last = take_port(range);
    if (first == 0 || last < first || take_port(reserved) != 0) return;
    first_ = first;
    count_ = static_cast<std::uint16_t>(last - first + 1);
}

SystemPorts SystemPorts::read() {
    return {content_of("/proc/sys/net/ipv4/ip_local_port_range"),
            content_of("/proc/sys/net/ipv4/ip_local_reserved_ports")};
}

std::uint16_t SystemPorts::any() const {
    return count_ == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(first_ + random_below(count_));
}

}  // namespace wherry::net
