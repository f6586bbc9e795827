#include "auth/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "auth/crypt_hash.h"
#include "auth/sodium.h"

namespace wherry {

namespace {

static_assert(PasswordCost::interactive().passes == crypto_pwhash_OPSLIMIT_INTERACTIVE);
static_assert(PasswordCost::interactive().memory == crypto_pwhash_MEMLIMIT_INTERACTIVE);
static_assert(PasswordCost::moderate().passes == crypto_pwhash_OPSLIMIT_MODERATE);
static_assert(PasswordCost::moderate().memory == crypto_pwhash_MEMLIMIT_MODERATE);
static_assert(PasswordCost::sensitive().passes == crypto_pwhash_OPSLIMIT_SENSITIVE);
static_assert(PasswordCost::sensitive().memory == crypto_pwhash_MEMLIMIT_SENSITIVE);
static_assert(PasswordCost::minimal().passes == crypto_pwhash_OPSLIMIT_MIN);
static_assert(PasswordCost::minimal().memory == crypto_pwhash_MEMLIMIT_MIN);

// The whole buffer, not only what is in use: a moved-from or shortened short string keeps its old bytes there.
void wipe(std::string& text) noexcept {
    text.resize(text.capacity());
    sodium_memzero(text.data(), text.size());
    text.clear();
}

// libsodium wants its buffer of 128 bytes, ended by NUL.
using Argon2Text = std::array<char, crypto_pwhash_STRBYTES>;

std::optional<Argon2Text> argon2_text(std::string_view hash) {
    const bool ours = hash.starts_with("$argon2id$") || hash.starts_with("$argon2i$");
    if (!ours || hash.size() >= crypto_pwhash_STRBYTES || hash.contains('\0')) return std::nullopt;
    Argon2Text text{};
    std::copy(hash.begin(), hash.end(), text.begin());
    // -1: cannot be decoded.
    if (crypto_pwhash_str_needs_rehash(text.data(), crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN) < 0) {
        return std::nullopt;
    }
    return text;
}

bool in_range(const PasswordCost& cost) {
    return cost.passes >= crypto_pwhash_OPSLIMIT_MIN && cost.passes <= crypto_pwhash_OPSLIMIT_MAX &&
           cost.memory >= crypto_pwhash_MEMLIMIT_MIN && cost.memory <= crypto_pwhash_MEMLIMIT_MAX;
}

PasswordVerdict verify_argon2(const Argon2Text& hash, std::string_view password, const PasswordCost& cost) {
    if (crypto_pwhash_str_verify(hash.data(), password.data(), password.size()) != 0) return {};
    const bool id = std::string_view(hash.data()).starts_with(crypto_pwhash_argon2id_STRPREFIX);
    const bool rehash = !id || crypto_pwhash_str_needs_rehash(hash.data(), cost.passes, cost.memory) != 0;
    return {.match = true, .needs_rehash = rehash};
}

PasswordVerdict verify_imported(std::string_view hash, std::string_view password) {
    const CryptAnswer answer = verify_crypt(hash, password);
    const bool match = answer == CryptAnswer::match && !password.contains('\0');
    return {.match = match, .needs_rehash = match, .failed = answer == CryptAnswer::failed};
}

}  // namespace

Password::Password(std::string text) : text_(std::move(text)) { wipe(text); }

Password::Password(Password&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }

Password& Password::operator=(const Password& other) {
    // By a copy, since assigning a longer text would free the old buffer unwiped.
    if (this != &other) *this = Password(other);
    return *this;
}

Password& Password::operator=(Password&& other) noexcept {
    if (this == &other) return *this;
    wipe(text_);
    text_ = std::move(other.text_);
    wipe(other.text_);
    return *this;
}

Password::~Password() { wipe(text_); }

bool Password::matches(const Password& other) const noexcept {
    // Digests have one length, so comparing them says nothing about the lengths of the texts.
    std::array<unsigned char, crypto_generichash_BYTES> mine{};
    std::array<unsigned char, crypto_generichash_BYTES> theirs{};
    const auto digest = [](auto& out, const std::string& text) {
        crypto_generichash(out.data(), out.size(), byte_pointer(text), text.size(), nullptr, 0);
    };
    digest(mine, text_);
    digest(theirs, other.text_);
    const bool same = sodium_memcmp(mine.data(), theirs.data(), mine.size()) == 0;
    sodium_memzero(mine.data(), mine.size());
    sodium_memzero(theirs.data(), theirs.size());
    return same;
}

Result<std::string> hash_password(const Password& password, const PasswordCost& cost) {
    const std::string_view text = password.text();
    if (text.empty()) return fail(Code::invalid, "an empty password cannot be hashed");
    if (text.size() > max_password) {
        return fail(Code::invalid, "the password is longer than " + std::to_string(max_password) + " bytes");
    }
    if (!in_range(cost)) return fail(Code::invalid, "this cost of a password hash is out of range");
    if (!sodium_ready()) return fail(Code::internal, "libsodium cannot be initialised");
    Argon2Text out{};
    if (crypto_pwhash_str(out.data(), text.data(), text.size(), cost.passes, cost.memory) != 0) {
        return fail(Code::io, "hash a password: not enough memory", ENOMEM);
    }
    return std::string(out.data());
}

PasswordVerdict verify_password(std::string_view hash, const Password& password, const PasswordCost& cost) {
    if (!sodium_ready()) return {.failed = true};
    const std::string_view whole = password.text();
    const std::string_view text = whole.substr(0, max_password);
    const auto argon2 = argon2_text(hash);
    const PasswordVerdict verdict = argon2 ? verify_argon2(*argon2, text, cost) : verify_imported(hash, text);
    // Only now, so that what may never match takes as long as what merely does not.
    if (whole.empty() || whole.size() > max_password) return {.failed = verdict.failed};
    return verdict;
}

bool is_password_hash(std::string_view hash) { return argon2_text(hash).has_value() || crypt_form(hash) != nullptr; }

bool is_weak_password_hash(std::string_view hash) {
    const CryptForm* form = crypt_form(hash);
    return form != nullptr && form->weak;
}

std::string_view cost_of_hash(std::string_view hash) {
    if (crypt_form(hash) != nullptr) return crypt_cost(hash);
    if (!argon2_text(hash)) return {};
    // "$argon2id$v=19$m=65536,t=2,p=1$salt$digest"
    const std::size_t digest = hash.rfind('$');
    return hash.substr(0, hash.rfind('$', digest - 1) + 1);
}

}  // namespace wherry
