#pragma once
// Digest: the checksum of a stream of bytes. CRC-32 is that of ISO 3309 (zip, Ethernet); the others are OpenSSL's.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wherry/filesystem.h"

namespace wherry {

inline constexpr Hash all_hashes[] = {Hash::crc32, Hash::md5, Hash::sha1, Hash::sha256, Hash::sha512};
// As RFC 3230's registry and draft-bryan-ftpext-hash call them: "CRC32", "MD5", "SHA-1", "SHA-256", "SHA-512".
std::string_view hash_name(Hash hash) noexcept;
std::optional<Hash> hash_named(std::string_view name) noexcept;  // in whatever case

// Used by one thread at a time.
class Digest {
public:
    // Code::unsupported where a policy of this machine forbids the algorithm (FIPS and MD5).
    static Result<Digest> begin(Hash hash);
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;
    ~Digest();

    void add(std::span<const std::byte> bytes);
    std::string finish();  // lower-case hexadecimal; nothing may be added afterwards

private:
    struct Engine;
    explicit Digest(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> engine_;  // null for CRC-32
    unsigned long crc_ = 0;
};

}  // namespace wherry
