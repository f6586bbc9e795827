// The object that LIST answers, read.
//
// A byte of a name that is not UTF-8 comes as a lone surrogate, 0xdc00 and the byte, which JSON in C++ knows nothing
// of. While it is read such a byte is a character of the private plane 16 instead, 0x10fc00 and the byte.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/hex.h"
#include "core/text.h"
#include "i2ftp/client.h"

namespace wherry::i2ftp {
namespace {

constexpr std::size_t escape_size = 6;  // a backslash, u and four digits

// The number of an escape that stands at the front of the text; nullopt: there is none.
std::optional<unsigned> unit_at(std::string_view text) {
    if (text.size() < escape_size || !text.starts_with("\\u")) return std::nullopt;
    unsigned unit = 0;
    for (const char digit : text.substr(2, 4)) {
        if (!is_hex_digit(digit)) return std::nullopt;
        unit = unit * 16 + static_cast<unsigned>(hex_value(digit));
    }
    return unit;
}

bool is_high(std::optional<unsigned> unit) { return unit && *unit >= 0xd800 && *unit < 0xdc00; }
bool is_low(std::optional<unsigned> unit) { return unit && *unit >= 0xdc00 && *unit < 0xe000; }

std::string with_bytes_as_characters(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    const auto take = [&](std::size_t bytes) {
        out += json.substr(0, bytes);
        json.remove_prefix(std::min(bytes, json.size()));
    };
    while (!json.empty()) {
        const auto unit = unit_at(json);
        if (!unit) {
            take(json.front() == '\\' ? 2 : 1);
        } else if (is_high(unit) && is_low(unit_at(json.substr(escape_size)))) {
            take(2 * escape_size);
        } else if (is_low(unit) && *unit >= 0xdc80 && *unit <= 0xdcff) {
            out += "\\udbff";
            take(escape_size);
        } else if (is_high(unit) || is_low(unit)) {
            out += "\\ufffd";
            json.remove_prefix(escape_size);
        } else {
            take(escape_size);
        }
    }
    return out;
}

std::string with_bytes(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const bool byte = name.size() >= 4 && (name.starts_with("\xf4\x8f\xb2") || name.starts_with("\xf4\x8f\xb3"));
        if (!byte) {
            out += name.front();
            name.remove_prefix(1);
            continue;
        }
        const auto part = static_cast<unsigned char>(name[2]);
        const auto last = static_cast<unsigned char>(name[3]);
        out += static_cast<char>((part & 1U) * 0x40U + last);
        name.remove_prefix(4);
    }
    return out;
}

}  // namespace

Result<std::vector<Listed>> parse_listing(std::string_view json) {
    std::vector<Listed> all;
    const auto parsed = nlohmann::json::parse(with_bytes_as_characters(json), nullptr, false);
    if (!parsed.is_object()) return fail(Code::invalid, "the server's listing is not to be understood");
    for (const auto& [name, about] : parsed.items()) {
        if (!about.is_object()) return fail(Code::invalid, "the server's listing is not to be understood");
        Listed one;
        one.name = with_bytes(name);
        const auto directory = about.find("is_dir");
        const auto size = about.find("size");
        const auto time = about.find("time");
        one.directory = directory != about.end() && directory->is_boolean() && directory->get<bool>();
        if (size != about.end() && size->is_number_unsigned()) one.size = size->get<std::uint64_t>();
        if (time != about.end() && time->is_number()) one.time = time->get<double>();
        all.push_back(std::move(one));
    }
    std::sort(all.begin(), all.end(), [](const Listed& a, const Listed& b) { return a.name < b.name; });
    return all;
}

}  // namespace wherry::i2ftp
