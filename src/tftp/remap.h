#pragma once
// Remap: rules that turn the names clients ask for into names of files, in the language of tftpd-hpa's map files. Pure.
//
//   # operation  regex          pattern
//   rg           \\             /              backslashes become slashes
//   ri           ^/?tftpboot/                  that prefix goes
//   e            ^pub/                         these are taken as they are: no further rule
//   a            \.key$         No\ keys       refused, with this text
//   r            ^              \i/            the rest lies in a folder of the client's address
//
// Each rule has letters: r replace the match by the pattern; g (with r) again and again from the start, gg only behind
// what was put in; i any case; e stop here; E stop here if that file can be transferred, else undo; s start again at
// the first rule; a refuse; j go on at the label that the pattern names (":label" stands alone on a line); G, P only
// downloads, only uploads; 4, 6 only clients of that family; ~ act when the regex does not match. Patterns know \0 to
// \9, \i (the client's address), \x (the same in hexadecimal digits), \U \L \E (upper, lower case, as it is).
//
// Regular expressions are POSIX extended ones and take time linear in the name (RE2); back-references are refused. All
// rules together take a limited number of steps, so that no file of rules can hold the server up.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "tftp/packet.h"

namespace wherry::tftp {

inline constexpr std::size_t most_mapped_name = 4096;
inline constexpr std::uint32_t default_map_steps = 4096;

struct RemapProblem {
    std::uint32_t line = 0;
    std::string text;
};

// Immutable once it is made; shared by all loops.
class Remap {
public:
    struct Parsed;
    static Parsed parse(std::string_view text);

    Remap();
    ~Remap();
    Remap(Remap&&) noexcept;
    Remap& operator=(Remap&&) noexcept;
    std::size_t rules() const noexcept;

private:
    friend class RemapRun;
    friend class RemapParser;
    struct Rule;
    std::vector<Rule> rules_;
};

struct Remap::Parsed {
    std::shared_ptr<const Remap> rules;  // null if there are errors
    std::vector<RemapProblem> errors;
    std::vector<RemapProblem> warnings;
};

// One name on its way through the rules. It stops where it has to know whether a file is there.
class RemapRun {
public:
    struct Client {
        net::Address address;
        bool write = false;
    };
    enum class State : std::uint8_t {
        done,     // name() is the result
        refused,  // refusal() says how
        probe,    // can name() be transferred? answer(), then run() again
    };
    RemapRun(std::shared_ptr<const Remap> rules, const Client& client, std::string name,
             std::uint32_t steps = default_map_steps);

    State run();
    void answer(bool yes) noexcept { answer_ = yes; }
    const std::string& name() const noexcept { return name_; }
    const Refusal& refusal() const noexcept { return refusal_; }

private:
    struct Match;
    std::optional<Match> match(const Remap::Rule& rule, std::size_t from) const;
    std::string expand(const Remap::Rule& rule, const Match& match) const;
    bool replace(const Remap::Rule& rule, const Match& first);
    bool replace_rest(const Remap::Rule& rule, const Match& first);
    bool applies(const Remap::Rule& rule) const noexcept;
    bool step() noexcept { return steps_ > 0 && steps_-- > 0; }
    State refuse(std::string text);
    State jump(const std::string& label);

    std::shared_ptr<const Remap> rules_;
    Client client_;
    std::string name_;
    std::string before_;  // the last rule, to be undone
    std::uint32_t steps_;
    std::size_t next_ = 0;
    std::optional<bool> answer_;
    bool probing_ = false;
    Refusal refusal_;
};

}  // namespace wherry::tftp
