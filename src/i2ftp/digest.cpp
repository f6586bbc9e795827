#include "i2ftp/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "core/hex.h"
#include "i2ftp/random.h"

namespace wherry::i2ftp {
namespace {

// libcrypto fails here only without memory.
void must(int done) {
    if (done != 1) throw std::runtime_error("libcrypto: a digest could not be computed");
}

class SystemRandom final : public Random {
public:
    void fill(std::span<Byte> out) override {
        if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
            throw std::runtime_error("libcrypto: no random bytes are to be had");
        }
    }
};

}  // namespace

struct Digest::Context {
    EVP_MD_CTX* state = EVP_MD_CTX_new();
    ~Context() { EVP_MD_CTX_free(state); }
    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

Digest::Digest(Kind kind) : context_(std::make_unique<Context>()) {
    must(EVP_DigestInit_ex(context_->state, kind == Kind::md5 ? EVP_md5() : EVP_sha256(), nullptr));
}
Digest::~Digest() = default;

void Digest::update(View bytes) { must(EVP_DigestUpdate(context_->state, bytes.data(), bytes.size())); }

std::string Digest::finish() {
    std::array<Byte, EVP_MAX_MD_SIZE> sum{};
    unsigned size = 0;
    must(EVP_DigestFinal_ex(context_->state, sum.data(), &size));
    return hex(View(sum).first(size));
}

Sha256Sum sha256(View bytes) {
    Sha256Sum sum;
    must(EVP_Digest(bytes.data(), bytes.size(), sum.data(), nullptr, EVP_sha256(), nullptr));
    return sum;
}

Sha512Sum sha512(View bytes) {
    Sha512Sum sum;
    must(EVP_Digest(bytes.data(), bytes.size(), sum.data(), nullptr, EVP_sha512(), nullptr));
    return sum;
}

std::string hex(View bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const Byte one : bytes) append_hex(out, one);
    return out;
}

bool from_hex(std::string_view text, Bytes& to) {
    to.clear();
    if (text.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int byte = hex_byte(text[i], text[i + 1]);
        if (byte < 0) return false;
        to.push_back(static_cast<Byte>(byte));
    }
    return true;
}

Random& system_random() {
    static SystemRandom random;  // without state
    return random;
}

}  // namespace wherry::i2ftp
