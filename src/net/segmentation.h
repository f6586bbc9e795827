#pragma once
// Segmentation: how many datagrams the kernel cuts out of one (UDP_SEGMENT). It is tried at the start, and lowered when
// the kernel changes its mind. Shared by all sockets of a program; thread-safe.
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wherry {
class Log;
class Metrics;
}  // namespace wherry

namespace wherry::net {

class Segmentation {
public:
    // Null: nobody counts, nobody is told. Sends some datagrams to itself.
    Segmentation(Metrics* metrics, Log* log);

    std::size_t most() const noexcept { return most_.load(std::memory_order_relaxed); }  // 1: it is of no use
    void tell();                                                                         // the log, once

    // Why several datagrams in one were refused, if it was for that: then they are to be sent one by one.
    enum class Refusal : std::uint8_t {
        none,      // it was for something else
        way,       // the way to this peer is too narrow, others need not be
        anywhere,  // and fewer are cut out of one from now on
    };
    Refusal refused(int error, std::size_t datagrams);
    void used(std::int64_t times) noexcept;  // such calls that went well
    void failed(int error) noexcept;         // another call

private:
    void lower(std::size_t to, const char* why);

    std::atomic<std::size_t> most_;
    std::atomic<bool> told_{false};
    Metrics* const metrics_;
    Log* const log_;
};

}  // namespace wherry::net
