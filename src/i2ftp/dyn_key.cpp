#include "i2ftp/dyn_key.h"

#include <algorithm>
#include <limits>
#include <string>

#include "i2ftp/md5.h"

namespace wherry::i2ftp {
namespace {

template <class... Parts>
Md5Sum md5_of(const Parts&... parts) noexcept {
    Md5 sum;
    (sum.update(View(parts)), ...);
    return sum.finish();
}

Md5Sum reversed(Md5Sum sum) noexcept {
    std::reverse(sum.begin(), sum.end());
    return sum;
}

// One round: five neighbours become one, with `q` plus one hundredth as the factor of the middle one.
void flush_round(Bytes& x, const Byte* factors, unsigned q) {
    for (std::size_t i = 0; i + 4 < x.size(); ++i) {
        const unsigned middle = x[i + 2];
        unsigned n = x[i] * unsigned{factors[0]} + x[i + 1] * unsigned{factors[1]} + middle * q + middle / 100 +
                     x[i + 3] * unsigned{factors[2]} + x[i + 4] * unsigned{factors[3]};
        // 2.01 is a little less in binary64 than it says.
        if (q == 2 && ((middle == 100 && n <= 256) || (middle == 200 && n <= 512))) --n;
        x[i] = static_cast<Byte>(n);
    }
    x.resize(x.size() - 4);
}

}  // namespace

std::int64_t t64_window(double unix_time) noexcept { return static_cast<std::int64_t>(unix_time * 0.01); }
std::int64_t t16_window(double unix_time) noexcept { return static_cast<std::int64_t>(unix_time / 60); }

Token64 t64(View key, std::int64_t window) {
    const Md5Sum a = md5(std::to_string(window));
    const Md5Sum k = md5(key);
    const Md5Sum s = reversed(md5_of(a, k));
    std::array<Byte, 3> core{};
    for (std::size_t i = 0; i < 3; ++i) core[i] = static_cast<Byte>(s[i] % 255 + 1);
    std::array<Byte, 11> v{};
    for (std::size_t i = 0; i < v.size(); ++i) {
        v[i] = static_cast<Byte>(s[3 + i] * core[0] + s[4 + i] * core[1] + s[5 + i] * core[2]);
    }
    const Md5Sum p0 = reversed(md5_of(View(s).first(3), core));
    const Md5Sum p1 = md5_of(p0, v);
    Bytes x;
    for (const Md5Sum& part : {p0, p1, md5(View(v)), md5_of(v, key), k}) append(x, View(part));
    for (std::size_t r = 0; r < 4; ++r) {
        flush_round(x, a.data() + 4 * r, (unsigned{k[r]} + k[r + 4] + k[r + 8] + k[r + 12]) / 4);
    }
    Token64 token;
    std::copy(x.begin(), x.end(), token.begin());
    return token;
}

std::optional<Token16> t16(View secret, std::int64_t window) {
    if (window < 0 || window > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    std::array<Byte, 4> number{};
    for (std::size_t i = 0; i < 4; ++i) number[i] = static_cast<Byte>(window >> (8 * i));
    const Md5Sum k = md5(secret);
    Md5Sum s = reversed(md5(View(md5_of(md5(View(number)), k))));
    std::array<Byte, 3> core{};
    for (std::size_t i = 0; i < 3; ++i) core[i] = static_cast<Byte>((s[i] + s[i] % 32) % 255 + 1);
    for (std::size_t j = 3; j <= 13; ++j) {
        s[j] = static_cast<Byte>(s[j] * core[0] + s[j + 1] * core[1] + s[j + 2] * core[2]);
    }
    return md5_of(s, core, k);
}

Token16 preauth_secret(View key) noexcept { return md5(key); }

}  // namespace wherry::i2ftp
