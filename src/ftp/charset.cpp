#include "ftp/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/text.h"

namespace wherry::ftp {
namespace {

const iconv_t none = reinterpret_cast<iconv_t>(-1);

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Converts what can be; `odd` is asked how many bytes to take of what cannot, and puts something in their place.
template <class Odd>
std::string convert(void* descriptor, std::string_view text, Odd odd) {
    auto* const converter = static_cast<iconv_t>(descriptor);
    iconv(converter, nullptr, nullptr, nullptr, nullptr);
    std::string out;
    std::array<char, 4096> room;
    auto* from = const_cast<char*>(text.data());  // iconv's old signature; it does not write there
    std::size_t left = text.size();
    while (left > 0) {
        char* to = room.data();
        std::size_t free = room.size();
        const std::size_t done = iconv(converter, &from, &left, &to, &free);
        const int error = done == static_cast<std::size_t>(-1) ? errno : 0;
        out.append(room.data(), room.size() - free);
        if (error == 0 || error == E2BIG) continue;
        const std::size_t taken = std::clamp<std::size_t>(odd(std::string_view(from, left), out), 1, left);
        from += taken;
        left -= taken;
    }
    return out;
}

std::size_t keep_byte(std::string_view rest, std::string& out) {
    out += rest.front();
    return 1;
}

std::size_t replace_character(std::string_view rest, std::string& out) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) return keep_byte(rest, out);
    out += '?';
    return length;
}

}  // namespace

// Whether ASCII is ASCII in it, and nothing else makes bytes that look like control bytes or a slash.
bool Charset::is_safe() const {
    std::string ascii;
    for (char c = 1; c < 127; ++c) ascii += c;
    if (convert(out_, ascii, replace_character) != ascii || convert(in_, ascii, keep_byte) != ascii) return false;
    constexpr std::string_view samples = "\u00E9\u00DF\u0416\u05D0\u0627\u3042\u4E00\uAC00\u20AC";
    const auto unsafe = [](char c) { return is_control(c) || c == '/'; };
    return std::ranges::none_of(convert(out_, samples, replace_character), unsafe);
}

Result<Charset> Charset::open(const std::string& name) {
    Charset charset(iconv_open("UTF-8", name.c_str()), iconv_open(name.c_str(), "UTF-8"));
    if (charset.in_ == none || charset.out_ == none) {
        return fail(Code::unsupported, "'" + for_log(name) + "' is no charset that iconv knows");
    }
    if (!charset.is_safe()) {
        return fail(Code::unsupported,
                    "'" + for_log(name) + "' is not ASCII in its first half, and so not fit for names");
    }
    return charset;
}

Charset::Charset(Charset&& other) noexcept
    : in_(std::exchange(other.in_, none)), out_(std::exchange(other.out_, none)) {}

Charset& Charset::operator=(Charset&& other) noexcept {
    std::swap(in_, other.in_);
    std::swap(out_, other.out_);
    return *this;
}

Charset::~Charset() {
    for (void* const one : {in_, out_}) {
        if (one != none) iconv_close(one);
    }
}

std::string Charset::to_utf8(std::string_view text) const {
    return is_ascii(text) ? std::string(text) : convert(in_, text, keep_byte);
}

std::string Charset::from_utf8(std::string_view text) const {
    return is_ascii(text) ? std::string(text) : convert(out_, text, replace_character);
}

}  // namespace wherry::ftp
