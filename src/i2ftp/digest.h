#pragma once
// SHA-2 and digests of files, by libcrypto.
#include <array>
#include <memory>
#include <string>

#include "i2ftp/bytes.h"

namespace wherry::i2ftp {

using Sha256Sum = std::array<Byte, 32>;
using Sha512Sum = std::array<Byte, 64>;

Sha256Sum sha256(View bytes);
Sha512Sum sha512(View bytes);

// Bytes in, in any pieces; finish() once. From one thread at a time.
class Digest {
public:
    enum class Kind : std::uint8_t { md5, sha256 };
    explicit Digest(Kind kind);
    ~Digest();
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    void update(View bytes);
    std::string finish();  // lower-case hexadecimal digits

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

std::string hex(View bytes);                      // lower case
bool from_hex(std::string_view text, Bytes& to);  // false: not pairs of hexadecimal digits

}  // namespace wherry::i2ftp
