#pragma once
// The RSA of I2TCP's secured mode: a key pair of the server, and PKCS#1 v1.5 around a session key.
#include <memory>
#include <string>
#include <string_view>

#include "i2ftp/bytes.h"
#include "i2ftp/random.h"
#include "wherry/result.h"

namespace wherry::i2ftp {

// The server's key pair. May be used by several threads at once.
class RsaKey {
public:
    // A new one; takes a good part of a second.
    static Result<RsaKey> generate(unsigned bits);
    static Result<RsaKey> from_pem(std::string_view private_pem);

    // "-----BEGIN RSA PUBLIC KEY-----" and so on, as clients of I2TCP read it.
    const std::string& public_pem() const noexcept { return public_pem_; }
    std::size_t block_size() const noexcept;
    // The content of a block. Whatever is wrong with the block, the answer is random bytes of `random` and not an
    // error: whoever could tell the two apart could decrypt other people's blocks (Bleichenbacher). Slow: for a worker.
    Bytes open(View block, Random& random) const;

private:
    struct Key;
    explicit RsaKey(std::shared_ptr<const Key> key);
    std::shared_ptr<const Key> key_;
    std::string public_pem_;
};

// The block for a session key, under the public key that a server sent. Code::invalid if that is none, or unfit.
Result<Bytes> rsa_seal(std::string_view public_pem, View session_key, Random& random);

}  // namespace wherry::i2ftp
