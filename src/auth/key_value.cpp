#include "auth/key_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/text.h"
#include "core/units.h"

namespace wherry {

namespace {

constexpr std::uint64_t most_bytes = std::numeric_limits<std::int64_t>::max();

bool is_bare(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }

}  // namespace

void Problems::add(const Place& place, std::string_view text) {
    const std::string_view colon = place.key.empty() ? "" : ": ";
    found_.push_back({place.line, fmt::format("{}{}{}", place.key, colon, text)});
}

std::string Problems::text() const {
    auto sorted = found_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    std::string out;
    for (std::size_t i = 0; i < sorted.size() && i < shown; ++i) {
        if (i != 0) out += '\n';
        // Line 0 is the file as a whole.
        const std::string line = sorted[i].line == 0 ? "" : fmt::format("{}:", sorted[i].line);
        out += fmt::format("{}:{} {}", file_, line, sorted[i].text);
    }
    if (sorted.size() > shown) out += fmt::format("\n{}: and {} more", file_, sorted.size() - shown);
    return out;
}

std::optional<std::string> KeyValue::text() const {
    if (auto text = node_.value_exact<std::string>()) return text;
    problem("must be text; write it in quotation marks");
    return std::nullopt;
}

std::optional<bool> KeyValue::flag() const {
    if (const auto flag = node_.value_exact<bool>()) return flag;
    problem("must be true or false, without quotation marks");
    return std::nullopt;
}

std::optional<std::uint64_t> KeyValue::count(std::uint64_t most) const {
    const auto number = node_.value_exact<std::int64_t>();
    if (number && *number >= 0 && static_cast<std::uint64_t>(*number) <= most)
        return static_cast<std::uint64_t>(*number);
    problem(fmt::format("must be a whole number from 0 to {}", most));
    return std::nullopt;
}

std::optional<std::vector<std::string>> KeyValue::list() const {
    std::vector<std::string> out;
    bool good = true;
    if (auto one = node_.value_exact<std::string>()) {
        out.push_back(std::move(*one));
    } else if (const toml::array* array = node_.as_array()) {
        for (const toml::node& element : *array) {
            auto text = element.value_exact<std::string>();
            good = good && text.has_value();
            out.push_back(text.value_or(std::string()));
        }
    } else {
        good = false;
    }
    if (good) return out;
    problem("must be a list of texts, like [ \"one\", \"two\" ]");
    return std::nullopt;
}

// As text: the number 22 would be 026.
std::optional<std::uint32_t> KeyValue::octal() const {
    const auto text = node_.value_exact<std::string>();
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    const bool valid = text && (text->size() == 3 || (text->size() == 4 && text->front() == '0')) &&
                       std::all_of(text->begin(), text->end(), is_octal);
    if (!valid) {
        problem("must be three octal digits as text, like \"022\"");
        return std::nullopt;
    }
    std::uint32_t bits = 0;
    for (const char digit : *text) bits = bits * 8 + static_cast<std::uint32_t>(digit - '0');
    return bits;
}

std::optional<std::uint64_t> KeyValue::size() const { return bytes(parse_size, "\"10G\""); }

std::optional<std::uint64_t> KeyValue::rate() const { return bytes(parse_rate, "\"2M\""); }

std::optional<std::uint64_t> KeyValue::bytes(Parse parse, std::string_view example) const {
    if (node_.is_string()) {
        if (const auto bytes = parse(*node_.value_exact<std::string>())) return bytes;
    } else if (const auto number = node_.value_exact<std::int64_t>(); number && *number >= 0) {
        return static_cast<std::uint64_t>(*number);
    }
    problem(fmt::format("must be a number of bytes from 0 to {}, or text with a unit like {}", most_bytes, example));
    return std::nullopt;
}

std::string key_part(std::string_view name) {
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_bare)) return std::string(name);
    return fmt::format("\"{}\"", for_log(name));
}

}  // namespace wherry
