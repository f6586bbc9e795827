#include "i2ftp/rsa.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

namespace wherry::i2ftp {
namespace {

constexpr std::string_view pem_name = "RSA PUBLIC KEY";
constexpr std::size_t overhead = 11;          // of PKCS#1 v1.5: 00 02, eight bytes of padding, 00
constexpr int largest_modulus = 8192;         // bits; a server may not make a client compute for ever
constexpr std::size_t session_key_size = 64;  // what clients send, and what takes the place of a bad block

template <class T, void (*release)(T*)>
struct Freed {
    void operator()(T* object) const noexcept { release(object); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

BioPtr reader(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string public_pem_of(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PublicKey(key, &der);
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (size <= 0 || PEM_write_bio(out.get(), pem_name.data(), "", der, size) <= 0) return {};
    OPENSSL_free(der);
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

KeyPtr read_public_pem(std::string_view pem) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* der = nullptr;
    long size = 0;
    const BioPtr in = reader(pem);
    KeyPtr key;
    if (PEM_read_bio(in.get(), &name, &header, &der, &size) == 1 && pem_name == name) {
        const unsigned char* at = der;
        key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    return key;
}

// The bare operation, without padding.
Bytes raw(EVP_PKEY* key, View in, bool encrypting) {
    const ContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
    Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
    std::size_t size = out.size();
    if (encrypting) {
        if (EVP_PKEY_encrypt_init(context.get()) != 1 ||
            EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) != 1 ||
            EVP_PKEY_encrypt(context.get(), out.data(), &size, in.data(), in.size()) != 1) {
            return {};
        }
    } else if (EVP_PKEY_decrypt_init(context.get()) != 1 ||
               EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) != 1 ||
               EVP_PKEY_decrypt(context.get(), out.data(), &size, in.data(), in.size()) != 1) {
        return {};
    }
    out.resize(size);
    return out;
}

}  // namespace

struct RsaKey::Key {
    KeyPtr pair;
};

RsaKey::RsaKey(std::shared_ptr<const Key> key) : key_(std::move(key)), public_pem_(public_pem_of(key_->pair.get())) {}

Result<RsaKey> RsaKey::generate(unsigned bits) {
    KeyPtr pair(EVP_RSA_gen(bits));
    if (!pair) return fail(Code::internal, "libcrypto could not make an RSA key");
    return RsaKey(std::make_shared<const Key>(std::move(pair)));
}

Result<RsaKey> RsaKey::from_pem(std::string_view private_pem) {
    KeyPtr pair(PEM_read_bio_PrivateKey(reader(private_pem).get(), nullptr, nullptr, nullptr));
    if (!pair || EVP_PKEY_get_base_id(pair.get()) != EVP_PKEY_RSA) return fail(Code::invalid, "not an RSA key in PEM");
    return RsaKey(std::make_shared<const Key>(std::move(pair)));
}

std::size_t RsaKey::block_size() const noexcept {
    return static_cast<std::size_t>(EVP_PKEY_get_size(key_->pair.get()));
}

Bytes RsaKey::open(View block, Random& random) const {
    Bytes instead(session_key_size);
    random.fill(instead);
    if (block.size() != block_size()) return instead;
    Bytes plain = raw(key_->pair.get(), block, false);
    // All bytes are looked at, wherever the first mistake is.
    bool good = plain.size() == block.size() && plain[0] == 0 && plain[1] == 2;
    std::size_t end = 0;
    for (std::size_t i = 2; i < plain.size(); ++i) {
        if (plain[i] == 0 && end == 0) end = i;
    }
    good = good && end >= overhead - 1 && plain.size() - end > 2;
    Bytes key = good ? Bytes(plain.begin() + static_cast<std::ptrdiff_t>(end) + 1, plain.end()) : instead;
    std::fill(plain.begin(), plain.end(), Byte{0});
    return key;
}

Result<Bytes> rsa_seal(std::string_view public_pem, View session_key, Random& random) {
    const KeyPtr key = read_public_pem(public_pem);
    if (!key) return fail(Code::invalid, "the server sent no RSA key");
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
    if (EVP_PKEY_get_bits(key.get()) > largest_modulus || size < session_key.size() + overhead) {
        return fail(Code::invalid, "the server's RSA key has an unfit size");
    }
    Bytes plain(size - session_key.size() - 1, 0);
    plain[1] = 2;
    const auto padding = std::span(plain).subspan(2);
    random.fill(padding);
    for (Byte& one : padding) {
        while (one == 0) one = random.byte();
    }
    plain.push_back(0);
    append(plain, session_key);
    Bytes block = raw(key.get(), plain, true);
    if (block.empty()) return fail(Code::invalid, "the server's RSA key cannot be used");
    return block;
}

}  // namespace wherry::i2ftp
