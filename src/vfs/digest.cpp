#include "vfs/digest.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <stdexcept>

#include "core/hex.h"
#include "core/text.h"

namespace wherry {

namespace {

const EVP_MD* method_of(Hash hash) {
    switch (hash) {
        case Hash::md5: return EVP_md5();
        case Hash::sha1: return EVP_sha1();
        case Hash::sha256: return EVP_sha256();
        case Hash::sha512: return EVP_sha512();
        case Hash::crc32: break;
    }
    return nullptr;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Digest::Engine {
    std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

std::string_view hash_name(Hash hash) noexcept {
    switch (hash) {
        case Hash::crc32: return "CRC32";
        case Hash::md5: return "MD5";
        case Hash::sha1: return "SHA-1";
        case Hash::sha256: return "SHA-256";
        case Hash::sha512: return "SHA-512";
    }
    return {};
}

std::optional<Hash> hash_named(std::string_view name) noexcept {
    for (const Hash hash : all_hashes) {
        if (iequals(name, hash_name(hash))) return hash;
    }
    return std::nullopt;
}

Digest::Digest(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

Result<Digest> Digest::begin(Hash hash) {
    if (hash == Hash::crc32) return Digest(nullptr);
    auto engine = std::make_unique<Engine>();
    if (!engine->context || EVP_DigestInit_ex(engine->context.get(), method_of(hash), nullptr) != 1) {
        return fail(Code::unsupported, "computing " + std::string(hash_name(hash)) + ": OpenSSL refuses it here");
    }
    return Digest(std::move(engine));
}

void Digest::add(std::span<const std::byte> bytes) {
    if (!engine_) {
        crc_ = crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    } else if (EVP_DigestUpdate(engine_->context.get(), bytes.data(), bytes.size()) != 1) {
        throw std::runtime_error("OpenSSL could not go on with a digest");
    }
}

std::string Digest::finish() {
    std::string out;
    if (!engine_) {
        for (unsigned shift = 32; shift > 0; shift -= 8)
            append_hex(out, static_cast<std::uint8_t>(crc_ >> (shift - 8)));
        return out;
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(engine_->context.get(), bytes.data(), &size) != 1) {
        throw std::runtime_error("OpenSSL could not end a digest");
    }
    for (unsigned i = 0; i < size; ++i) append_hex(out, bytes[i]);
    return out;
}

}  // namespace wherry
