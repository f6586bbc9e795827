// What the kernel says beside a datagram, and how one that came as many is cut. Input: a byte that says how many bytes
// the datagram has, then the ancillary data.
#include "net/ancillary.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "fuzz.h"
#include "net/datagram.h"

namespace {

using wherry::fuzz::require;
using Bytes = std::span<const std::byte>;

// Whether the bytes of a value stand somewhere in what was given: nothing is made up.
bool holds(Bytes control, const void* value, std::size_t size) {
    for (std::size_t at = 0; at + size <= control.size(); ++at) {
        if (std::memcmp(control.data() + at, value, size) == 0) return true;
    }
    return false;
}

// The system's own walk, where every part is whole: it must come to the same.
bool all_whole(const msghdr& header) {
    auto* const message = const_cast<msghdr*>(&header);
    std::size_t end = 0;
    const auto* const begin = static_cast<const char*>(header.msg_control);
    for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_len < CMSG_LEN(0) || part->cmsg_len > header.msg_controllen) return false;
        end = static_cast<std::size_t>(reinterpret_cast<const char*>(part) - begin) + part->cmsg_len;
        if (end > header.msg_controllen) return false;
    }
    return true;
}

std::uint32_t segment_by_the_system(const msghdr& header) {
    auto* const message = const_cast<msghdr*>(&header);
    std::uint32_t found = 0;
    for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_UDP || part->cmsg_type != UDP_GRO || part->cmsg_len < CMSG_LEN(sizeof(int)))
            continue;
        int size = 0;
        std::memcpy(&size, CMSG_DATA(part), sizeof size);
        found = size > 0 ? static_cast<std::uint32_t>(size) : 0;
    }
    return found;
}

void cut(std::size_t size, std::uint32_t segment) {
    const std::vector<std::byte> bytes(size);
    wherry::net::Arrival arrival;
    arrival.bytes = bytes;
    if (segment < size) arrival.segment = static_cast<std::uint16_t>(segment);
    const std::byte* next = bytes.data();
    std::size_t pieces = 0;
    bool short_one = false;
    wherry::net::each_datagram(arrival, [&](Bytes piece) {
        require(piece.data() == next, "the pieces are one behind the other");
        require(!short_one, "only the last is short");
        require(arrival.segment == 0 || piece.size() <= arrival.segment, "none is longer than was said");
        short_one = piece.size() < arrival.segment;
        next += piece.size();
        ++pieces;
    });
    require(next == bytes.data() + size, "no byte is lost");
    require(pieces == (arrival.segment == 0 ? 1 : (size + arrival.segment - 1) / arrival.segment), "and none empty");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const std::size_t datagram = input.byte() * std::size_t{257};
    const std::string_view rest = input.rest();
    // Memory of its own, aligned as the kernel's, so that a byte read behind the end is seen.
    const std::vector<char> memory(rest.begin(), rest.end());
    const Bytes control = std::as_bytes(std::span(memory));

    const wherry::net::Ancillary said = wherry::net::read_ancillary(control);
    require(said.local.has_value() || (said.interface == 0 && !said.to_many), "an interface comes with an address");
    require(!said.local || said.local->port() == 0, "no port is said");
    if (said.local) {
        require(holds(control, said.local->bytes(), said.local->is_ipv6() ? 16 : 4),
                "the address is one that was given");
        require(holds(control, &said.interface, sizeof said.interface), "so is the interface");
    }
    require(said.segment == 0 || holds(control, &said.segment, sizeof said.segment), "and the size");
    cut(datagram, said.segment);
    cut(datagram, static_cast<std::uint32_t>(memory.size()));

    msghdr header{};
    header.msg_control = const_cast<char*>(memory.data());
    header.msg_controllen = memory.size();
    if (all_whole(header)) require(segment_by_the_system(header) == said.segment, "as the system's macros have it");
    return 0;
}
