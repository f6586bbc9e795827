#pragma once
// The vectors of tests/vectors/i2ftp, recorded with the original: what every token, cipher text, frame and reply must
// be. "Pattern s" is bytes of which number i is (i*i*7 + i*13 + (i>>8)*31 + s) mod 256.
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>

#include "i2ftp/digest.h"
#include "i2ftp/random.h"

namespace wherry::i2ftp {

using Json = nlohmann::json;

inline Json vectors(const std::string& name) {
    std::ifstream file(std::string(WHERRY_SOURCE_DIR) + "/tests/vectors/i2ftp/" + name + ".json");
    if (!file) throw std::runtime_error("no vectors " + name);
    return Json::parse(file);
}

inline Bytes unhex(const Json& digits) {
    Bytes out;
    if (!from_hex(digits.get<std::string>(), out)) throw std::runtime_error("not hexadecimal: " + digits.dump());
    return out;
}

inline Bytes pattern(std::size_t length, unsigned s) {
    Bytes out(length);
    for (std::size_t i = 0; i < length; ++i) out[i] = static_cast<Byte>(i * i * 7 + i * 13 + (i >> 8U) * 31 + s);
    return out;
}

// {"pattern": s} or {"fill": byte}
inline Bytes made(const Json& what, std::size_t length) {
    if (what.contains("fill")) return Bytes(length, what["fill"].get<Byte>());
    return pattern(length, what["pattern"].get<unsigned>());
}

// A body of a recorded message: digits and stretches of a pattern.
inline Bytes body_of(const Json& parts) {
    Bytes out;
    for (const Json& part : parts) {
        append(out, View(part.is_string() ? unhex(part) : made(part, part["length"].get<std::size_t>())));
    }
    return out;
}

template <std::size_t size>
std::array<Byte, size> fixed(const Json& digits) {
    const Bytes bytes = unhex(digits);
    std::array<Byte, size> out{};
    std::copy_n(bytes.begin(), std::min(size, bytes.size()), out.begin());
    return out;
}

inline std::string string_of(View bytes) { return std::string(text(bytes)); }

// Gives what it was given, by length: challenges and session keys have 64 bytes, ids of sessions 16, of messages one.
class ScriptedRandom final : public Random {
public:
    void will_give(View bytes) { script_.emplace_back(bytes.begin(), bytes.end()); }
    void fill(std::span<Byte> out) override {
        for (auto next = script_.begin(); next != script_.end(); ++next) {
            if (next->size() != out.size()) continue;
            std::copy(next->begin(), next->end(), out.begin());
            script_.erase(next);
            return;
        }
        throw std::runtime_error("nothing random of " + std::to_string(out.size()) + " bytes is left");
    }
    bool empty() const { return script_.empty(); }

private:
    std::deque<Bytes> script_;
};

// The same bytes in every run.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint32_t seed) : engine_(seed) {}
    void fill(std::span<Byte> out) override {
        for (Byte& one : out) one = static_cast<Byte>(engine_());
    }
    std::size_t below(std::size_t limit) { return engine_() % limit; }

private:
    std::mt19937 engine_;
};

}  // namespace wherry::i2ftp
