#pragma once
// The hashes of crypt(3), as other servers and /etc/shadow hold them: known by their front, checked by libxcrypt.
#include <cstddef>
#include <string_view>

namespace wherry {

// One form: "$6$rounds=5000$saltsalt$<86 digits>".
struct CryptForm {
    std::string_view prefix;
    std::size_t fields;  // behind the prefix, the optional "rounds=" not counted
    std::size_t digest;  // digits that end the hash; a hash cut short by a slip of the mouse is not of this form
    bool weak = false;   // no longer protects a stolen file
};

// The form of a whole, well-formed hash; nullptr for all that we do not check, traditional DES among it.
const CryptForm* crypt_form(std::string_view hash);

// The front part of such a hash that says how long it takes: "$6$rounds=5000$", "$2b$12$", "$y$j9T$".
std::string_view crypt_cost(std::string_view hash);

enum class CryptAnswer : unsigned char { match, mismatch, failed };

// Computes the hash of `password` and compares in constant time. `password` is cut at its first NUL byte and at 511
// bytes, which is what crypt(3) takes; the caller knows whether such a password may match at all. Failed: it could not
// be computed, for lack of memory or because of a cost in the hash that no machine pays.
CryptAnswer verify_crypt(std::string_view hash, std::string_view password);

}  // namespace wherry
