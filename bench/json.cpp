#include "json.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace wherry::bench {

void Json::number(std::string_view name, double value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{:.9g}", value);
}

void Json::text(std::string_view name, std::string_view value) {
    key(name);
    quoted(value);
}

void Json::flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
}

void Json::open(std::string_view name) {
    key(name);
    out_ += '{';
}

void Json::close() { out_ += '}'; }

std::string Json::take() { return std::exchange(out_, "{") + '}'; }

void Json::key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    quoted(name);
    out_ += ':';
}

// What is not plain ASCII came from a server's reply and is shown, not kept: one "?" for each byte.
void Json::quoted(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out_ += '\\';
        out_ += c < ' ' || c > '~' ? '?' : c;
    }
    out_ += '"';
}

}  // namespace wherry::bench
