#include "i2ftp/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/hex.h"
#include "core/text.h"

namespace wherry::i2ftp {
namespace {

View part(View bytes, std::size_t from, std::size_t most) noexcept {
    bytes = bytes.subspan(std::min(from, bytes.size()));
    return bytes.first(std::min(most, bytes.size()));
}

// Decodes one character that is known to be valid.
char32_t decode(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (text.size() == 1) return lead;
    char32_t code = lead & (0x7fU >> text.size());
    for (const char next : text.substr(1)) code = (code << 6U) | (static_cast<unsigned char>(next) & 0x3fU);
    return code;
}

void append_unit(std::string& out, unsigned unit) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit); }

// As Python writes a float: the shortest decimal that reads back the same, with a fraction or an exponent.
void append_float(std::string& out, double number) {
    char text[400];
    const double size = std::fabs(number);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
    const auto end = std::to_chars(text, text + sizeof text, number,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific);
    const std::string_view written(text, static_cast<std::size_t>(end.ptr - text));
    out += written;
    if (plain && !written.contains('.')) out += ".0";
}

}  // namespace

std::optional<Request> parse_request(View message) noexcept {
    const auto comma = text(message).find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    return Request{text(message).substr(0, comma), message.subspan(comma + 1)};
}

std::expected<Path, std::string_view> parse_path(std::string_view path, std::string_view missing) {
    if (!valid_utf8(path)) return std::unexpected(missing);
    // A backslash parts names for this check alone; on the disk it is a character like others.
    std::string checked(path);
    std::replace(checked.begin(), checked.end(), '\\', '/');
    const auto names = split(checked, '/');
    if (names.front().empty() || std::find(names.begin(), names.end(), "..") != names.end()) {
        return std::unexpected(says::bad_path);
    }
    auto resolved = Path::resolve(path);
    if (!resolved) return std::unexpected(missing);
    return std::move(*resolved);
}

UploadTarget parse_upload_target(std::string_view payload) {
    const auto comma = payload.rfind(',');
    if (comma == std::string_view::npos || comma == 0) return {payload, {}};
    const std::string_view digits = payload.substr(comma + 1);
    const bool hash =
        (digits.size() == 32 || digits.size() == 64) && std::all_of(digits.begin(), digits.end(), is_hex_digit);
    if (!hash) return {payload, {}};
    return {payload.substr(0, comma), lower(digits)};
}

RangeRequest parse_range(View payload) noexcept {
    RangeRequest range;
    range.id = part(payload, 0, 16);
    range.start_text = part(payload, 17, 8);
    range.start = read_le(range.start_text);
    range.end = read_le(part(payload, 26, 8));
    range.data = payload.subspan(std::min<std::size_t>(26, payload.size()));
    return range;
}

std::optional<FileOperation> parse_file_operation(View payload) {
    if (payload.empty()) return std::nullopt;
    return FileOperation{payload[0], split(text(part(payload, 2, payload.size())), ',')};
}

void append_json_text(std::string& out, std::string_view name) {
    out += '"';
    while (!name.empty()) {
        const std::size_t length = utf8_length(name);
        const char32_t code =
            length == 0 ? 0xdc00U + static_cast<unsigned char>(name[0]) : decode(name.substr(0, length));
        if (code == '"' || code == '\\') {
            out += '\\';
            out += static_cast<char>(code);
        } else if (code == '\n') {
            out += "\\n";
        } else if (code == '\r') {
            out += "\\r";
        } else if (code == '\t') {
            out += "\\t";
        } else if (code == '\b') {
            out += "\\b";
        } else if (code == '\f') {
            out += "\\f";
        } else if (code >= 0x20 && code < 0x7f) {
            out += static_cast<char>(code);
        } else if (code < 0x10000) {
            append_unit(out, code);
        } else {
            append_unit(out, 0xd800U + ((code - 0x10000U) >> 10U));
            append_unit(out, 0xdc00U + ((code - 0x10000U) & 0x3ffU));
        }
        name.remove_prefix(std::max<std::size_t>(1, length));
    }
    out += '"';
}

void append_listed(std::string& out, std::string_view name, bool directory, std::uint64_t size, std::int64_t seconds,
                   std::uint32_t nanoseconds) {
    append_json_text(out, name);
    out += directory ? ": {\"is_dir\": true, \"size\": " : ": {\"is_dir\": false, \"size\": ";
    append_decimal(out, size);
    out += ", \"time\": ";
    append_float(out, static_cast<double>(seconds) + 1e-9 * nanoseconds);
    out += '}';
}

std::string words_for(const Error& error) {
    if (error.shown) return printable(error.message);
    if (error.code == Code::denied) return std::string(says::denied);
    if (error.system != 0) return fmt::format("[Errno {}] {}", error.system, std::strerror(error.system));
    std::string words(name_of(error.code));
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

}  // namespace wherry::i2ftp
