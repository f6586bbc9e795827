#pragma once
// Facts: which facts of RFC 3659 section 7.5 a session wants to see in MLSD and MLST. Pure.
#include <cstdint>
#include <string>
#include <string_view>

namespace wherry::ftp {

enum class Fact : std::uint8_t { type, perm, size, modify, unique, unix_mode, unix_uid, unix_gid };

// A set of facts; a value of one byte.
class Facts {
public:
    constexpr Facts() = default;
    static constexpr Facts all() { return Facts(0xFF); }
    // What a session sees before it says OPTS MLST.
    static constexpr Facts standard() {
        return Facts().with(Fact::type).with(Fact::perm).with(Fact::size).with(Fact::modify).with(Fact::unique);
    }

    constexpr bool has(Fact fact) const noexcept { return (bits_ & bit(fact)) != 0; }
    constexpr Facts with(Fact fact) const noexcept { return Facts(static_cast<std::uint8_t>(bits_ | bit(fact))); }
    constexpr bool empty() const noexcept { return bits_ == 0; }

    // The argument of OPTS MLST: names ended by ';' each, in any case. Unknown names are left out, as RFC 3659 7.9
    // says; nothing at all is the empty set.
    static Facts parse(std::string_view text) noexcept;
    // "type;size;": for the reply to OPTS MLST.
    std::string text() const;
    // "type*;perm*;...;unix.gid;": all facts there are, those of this set with a star; for FEAT.
    std::string feature_text() const;

    friend constexpr bool operator==(Facts, Facts) = default;

private:
    constexpr explicit Facts(std::uint8_t bits) : bits_(bits) {}
    static constexpr std::uint8_t bit(Fact fact) {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(fact));
    }
    std::uint8_t bits_ = 0;
};

}  // namespace wherry::ftp
