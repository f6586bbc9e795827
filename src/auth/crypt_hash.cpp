#include "auth/crypt_hash.h"

#include <crypt.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "core/text.h"

namespace wherry {

namespace {

constexpr std::array forms{
    CryptForm{.prefix = "$1$", .fields = 2, .digest = 22, .weak = true},
    CryptForm{.prefix = "$5$", .fields = 2, .digest = 43},
    CryptForm{.prefix = "$6$", .fields = 2, .digest = 86},
    CryptForm{.prefix = "$2a$", .fields = 2, .digest = 53},
    CryptForm{.prefix = "$2b$", .fields = 2, .digest = 53},
    CryptForm{.prefix = "$2y$", .fields = 2, .digest = 53},
    CryptForm{.prefix = "$y$", .fields = 3, .digest = 43},
    CryptForm{.prefix = "$gy$", .fields = 3, .digest = 43},
    CryptForm{.prefix = "$7$", .fields = 2, .digest = 43},
};

// 32 KiB: too much for the stack of a worker. Wiped when it goes, since the password has been in it.
struct CryptState {
    CryptState() = default;
    CryptState(const CryptState&) = delete;
    CryptState& operator=(const CryptState&) = delete;
    ~CryptState() { sodium_memzero(this, sizeof(*this)); }

    crypt_data data{};
    std::array<char, CRYPT_MAX_PASSPHRASE_SIZE> phrase{};
};

bool is_digit64(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '/'; }

// End of the field that begins at `from`, its '$' included.
std::size_t end_of_field(std::string_view hash, std::size_t from) {
    const std::size_t dollar = hash.find('$', from);
    return dollar == std::string_view::npos ? hash.size() : dollar + 1;
}

// Whether what follows the prefix has the fields of the form and ends in a digest of its length. Of libxcrypt's own
// test a hash passes that has lost its end: it may just as well be a setting.
bool is_whole(std::string_view rest, const CryptForm& form) {
    const bool sha = form.prefix == "$5$" || form.prefix == "$6$";
    if (sha && rest.starts_with("rounds=")) rest.remove_prefix(end_of_field(rest, 0));
    const auto dollars = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '$'));
    const std::string_view last = rest.substr(rest.rfind('$') + 1);
    return dollars + 1 == form.fields && last.size() == form.digest &&
           std::all_of(last.begin(), last.end(), is_digit64);
}

}  // namespace

const CryptForm* crypt_form(std::string_view hash) {
    const auto form =
        std::find_if(forms.begin(), forms.end(), [&](const CryptForm& f) { return hash.starts_with(f.prefix); });
    if (form == forms.end() || hash.size() >= CRYPT_OUTPUT_SIZE || hash.contains('\0')) return nullptr;
    if (!is_whole(hash.substr(form->prefix.size()), *form)) return nullptr;
    const int salt = crypt_checksalt(std::string(hash).c_str());
    // LEGACY is what libxcrypt says of $1$; whether the operator is warned is the caller's decision.
    return salt == CRYPT_SALT_OK || salt == CRYPT_SALT_METHOD_LEGACY ? &*form : nullptr;
}

std::string_view crypt_cost(std::string_view hash) {
    constexpr std::size_t scrypt_parameters = 11;  // N in one digit, r and p in five each; the salt follows at once
    const std::size_t prefix = end_of_field(hash, 1);
    if (hash.starts_with("$7$")) return hash.substr(0, prefix + scrypt_parameters);
    if (hash.starts_with("$1$")) return hash.substr(0, prefix);
    const bool sha = hash.starts_with("$5$") || hash.starts_with("$6$");
    if (sha && !hash.substr(prefix).starts_with("rounds=")) return hash.substr(0, prefix);
    return hash.substr(0, end_of_field(hash, prefix));
}

CryptAnswer verify_crypt(std::string_view hash, std::string_view password) {
    if (crypt_form(hash) == nullptr) return CryptAnswer::mismatch;
    const auto state = std::make_unique<CryptState>();
    const std::size_t taken = std::min(password.size(), state->phrase.size() - 1);
    std::copy_n(password.begin(), taken, state->phrase.begin());
    const std::string setting(hash);
    const char* computed = crypt_rn(state->phrase.data(), setting.c_str(), &state->data, sizeof(state->data));
    // The form is sound, so memory is short, or the cost is beyond what libxcrypt takes; its errno does not tell which.
    if (computed == nullptr) return CryptAnswer::failed;
    const bool same = std::strlen(computed) == hash.size() && sodium_memcmp(computed, hash.data(), hash.size()) == 0;
    return same ? CryptAnswer::match : CryptAnswer::mismatch;
}

}  // namespace wherry
