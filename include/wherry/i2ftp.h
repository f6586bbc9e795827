#pragma once
// The I2FTP side of a Server, and the keys it is used with.
//
// I2FTP is the protocol of i2ftps and its clients. Its own encryption is compatibility, not security: whoever can
// listen can read. Use it on networks that you trust, or inside a tunnel; docs/i2ftp.md says more.
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry {

// The secret that a client and a server share. It does not print and wipes its memory when it goes.
class SharedKey {
public:
    static constexpr std::size_t max_size = 1024;  // bytes
    static constexpr std::size_t weak_below = 16;  // bytes: such a key can be guessed from one recorded connection

    SharedKey() = default;
    // The key's own bytes, whatever they are.
    explicit SharedKey(std::string bytes);
    // Pairs of hexadecimal digits, blanks around them allowed. Code::invalid if it is anything else, or empty.
    static Result<SharedKey> from_hex(std::string_view digits);
    // A file with hexadecimal digits. Code::denied if everybody on the machine may read it.
    static Result<SharedKey> from_file(const std::string& file);
    // A new one that nobody can guess.
    static SharedKey random(std::size_t size = 32);
    SharedKey(const SharedKey&) = default;
    SharedKey(SharedKey&&) noexcept;
    SharedKey& operator=(const SharedKey&);
    SharedKey& operator=(SharedKey&&) noexcept;
    ~SharedKey();

    std::string_view bytes() const noexcept { return bytes_; }
    std::string hex() const;
    bool empty() const noexcept { return bytes_.empty(); }
    // The key that stands in the sources of the original and that everybody therefore has.
    bool is_public() const noexcept;

    friend bool operator==(const SharedKey& a, const SharedKey& b) noexcept { return a.bytes_ == b.bytes_; }

private:
    std::string bytes_;
};

}  // namespace wherry
