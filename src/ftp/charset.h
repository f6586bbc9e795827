#pragma once
// Charset: names in a charset other than UTF-8, for clients that know nothing else. It is used at the border of FTP
// alone: what comes from such a client is made UTF-8 before anything looks at it, and replies and listings are made the
// client's charset last.
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::ftp {

// One per session; its conversions have a state of their own.
class Charset {
public:
    // A charset that iconv(3) knows and that is ASCII where its bytes look like it: one in which a byte below 128 can
    // be part of something else than that character would let names hide line ends and slashes. Code::unsupported else.
    // (Trailing bytes from 0x40 on, as in GBK and Shift-JIS, are taken: they are no control bytes and no slash.)
    static Result<Charset> open(const std::string& name);
    Charset(Charset&& other) noexcept;
    Charset& operator=(Charset&& other) noexcept;
    ~Charset();

    // Bytes that mean nothing in the charset stay as they are: a name is bytes first.
    std::string to_utf8(std::string_view text) const;
    // Characters that the charset does not have become "?"; bytes that are not UTF-8 stay.
    std::string from_utf8(std::string_view text) const;

private:
    Charset(void* in, void* out) noexcept : in_(in), out_(out) {}
    bool is_safe() const;
    void* in_;  // iconv_t
    void* out_;
};

}  // namespace wherry::ftp
