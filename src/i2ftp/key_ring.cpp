#include "i2ftp/key_ring.h"

#include <cstdlib>
#include <utility>

#include "i2ftp/digest.h"
#include "i2ftp/iccode.h"

namespace wherry::i2ftp {
namespace {

Iccode mask_for(View key, const Token64& challenge) {
    const Sha256Sum inner = sha256(key);
    Bytes both;
    append(both, View(inner));
    append(both, View(challenge));
    return Iccode(sha256(both), Iccode::handshake_level);
}

// 0, 1, -1, 2, -2 ...: the likely ones first.
int nth_offset(int n) noexcept { return n % 2 == 1 ? (n + 1) / 2 : -n / 2; }

}  // namespace

KeyRing::KeyRing(std::vector<SharedKey> keys) : keys_(std::move(keys)) {
    for (const SharedKey& key : keys_) secrets_.push_back(preauth_secret(view(key.bytes())));
}

std::optional<KeyRing::Match> KeyRing::match(const Token16& token, double unix_time, int span) const {
    const std::int64_t window = t16_window(unix_time);
    for (int n = 0; n <= 2 * span; ++n) {
        const int offset = nth_offset(n);
        for (std::size_t place = 0; place < keys_.size(); ++place) {
            const auto expected = t16(secrets_[place], window + offset);
            if (expected && same_secret(*expected, token)) return Match{place, offset};
        }
    }
    return std::nullopt;
}

std::optional<KeyRing::Match> KeyRing::match(std::size_t place, const Token64& challenge, const Token64& answer,
                                             double unix_time) const {
    Token64 token = answer;
    mask_for(key(place), challenge).decode(token);
    const std::int64_t window = t64_window(unix_time);
    for (int n = 0; n <= 2 * tolerance; ++n) {
        if (same_secret(t64(key(place), window + nth_offset(n)), token)) return Match{place, nth_offset(n)};
    }
    return std::nullopt;
}

std::optional<KeyRing::Match> KeyRing::match_any(const Token64& challenge, const Token64& answer,
                                                 double unix_time) const {
    for (std::size_t place = 0; place < keys_.size(); ++place) {
        if (const auto found = match(place, challenge, answer, unix_time)) return found;
    }
    return std::nullopt;
}

Token64 masked_token(View key, const Token64& challenge, std::int64_t window) {
    Token64 token = t64(key, window);
    mask_for(key, challenge).encode(token);
    return token;
}

}  // namespace wherry::i2ftp
