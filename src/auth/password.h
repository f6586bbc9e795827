#pragma once
// Passwords and their hashes: making argon2id hashes, checking them and the hashes of crypt(3) that are brought along
// from other servers. Every function here may be called from any thread; hashing takes long and much memory on purpose,
// so it belongs on a worker.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// Longer passwords match nothing. What is hashed of them is cut, so that a stranger cannot make us hash megabytes.
inline constexpr std::size_t max_password = 1024;

// What one argon2id computation costs: passes over the memory, and the bytes of memory.
struct PasswordCost {
    std::uint64_t passes = 2;
    std::size_t memory = std::size_t{64} << 20U;

    static constexpr PasswordCost interactive() { return {}; }                           // about 0.1 s
    static constexpr PasswordCost moderate() { return {3, std::size_t{256} << 20U}; }    // about 0.5 s
    static constexpr PasswordCost sensitive() { return {4, std::size_t{1024} << 20U}; }  // about 2 s
    static constexpr PasswordCost minimal() { return {1, std::size_t{8} << 10U}; }       // for tests only
};

// The argon2id hash of `password` with a new random salt, as it is stored. Code::invalid for an empty or over-long
// password, Code::io if the memory is not to be had.
Result<std::string> hash_password(const Password& password, const PasswordCost& cost = {});

struct PasswordVerdict {
    bool match = false;
    bool needs_rehash = false;  // only with match: the hash is of another form than argon2id or of another cost
    // It could not be computed, which says nothing about the password. Of argon2 this is not known: libsodium calls a
    // lack of memory a mismatch.
    bool failed = false;
};

// Whether `password` belongs to `hash`. Accepted are what is_password_hash() accepts; everything else matches nothing,
// above all the empty hash and the "*", "!" and "x" of password files. An empty or over-long password matches nothing
// either, but takes as long as a wrong one. A NUL byte in the password never matches a crypt(3) hash, which would end
// there.
PasswordVerdict verify_password(std::string_view hash, const Password& password, const PasswordCost& cost = {});

// verify_password, or what a test puts in its place to count.
using PasswordVerifier = std::function<PasswordVerdict(std::string_view hash, const Password& password)>;

// True for a whole, well-formed hash of a form we check: argon2id and argon2i as libsodium writes them, and of crypt(3)
// $1$ (MD5), $5$ and $6$ (SHA-2), $2a$ $2b$ $2y$ (bcrypt), $y$ $gy$ (yescrypt) and $7$ (scrypt). Traditional DES is
// not among them.
bool is_password_hash(std::string_view hash);

// True for forms that no longer protect a stolen file ($1$): accepted, but the operator ought to hear of it.
bool is_weak_password_hash(std::string_view hash);

// The front part of a hash, which names its form and cost: hashes with the same one take the same time to check.
// Empty if is_password_hash() does not hold.
std::string_view cost_of_hash(std::string_view hash);

}  // namespace wherry
