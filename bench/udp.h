#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "result.h"

/// What the TFTP tools share: a socket, and the blocks of a window as one packet that the kernel cuts.
namespace wherry::bench {

inline constexpr std::size_t tftp_header = 4;

/// A UDP socket of the loopback that never blocks. Closed by its destructor.
class Udp {
public:
    static Result<Udp> open(std::uint16_t port, int receive_buffer);
    Udp(Udp&& other) noexcept;
    Udp& operator=(Udp&& other) noexcept;
    ~Udp();

    int descriptor() const noexcept { return descriptor_; }
    /// From now on it speaks with nobody else.
    void connect(const sockaddr_storage& peer) const;
    void send(std::span<const std::byte> packet) const;
    void send_to(std::span<const std::byte> packet, const sockaddr_storage& peer) const;

private:
    explicit Udp(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

sockaddr_storage loopback(std::uint16_t port);

/// The header of a DATA or ACK packet.
std::array<std::byte, tftp_header> header(std::uint8_t op, std::uint64_t block);
std::uint16_t op_of(std::span<const std::byte> packet);
std::uint16_t block_of(std::span<const std::byte> packet);
/// The words of a request or an OACK behind its opcode: name, mode, option, value ...
std::vector<std::string> words_of(std::span<const std::byte> packet);

/// The 64-bit number that ends with `wire` and is the nearest one from `from` on.
inline std::uint64_t number_from(std::uint64_t from, std::uint16_t wire) {
    return from + static_cast<std::uint16_t>(wire - static_cast<std::uint16_t>(from));
}

/// Sends DATA packets `first`, `first` + 1 ... whose blocks stand one behind the other in `content`; the last may be
/// shorter than `blksize`, or empty. As many as fit go at once; the number of those that have gone.
std::size_t send_blocks(int descriptor, std::uint64_t first, std::size_t count, std::span<const std::byte> content,
                        std::size_t blksize);

}  // namespace wherry::bench
