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
// \9, \i (the client's address), \x (the same in hexadecimal digits), \U \L \E (upper, lower case, as it is); and, if
// asked to, \m (the client's hardware address), \n (the interface that the request came by), \l (the address that it
// was sent to): without that, as in tftpd-hpa, these are letters.
//
// Regular expressions are POSIX extended ones and take time linear in the name, unless the other engine is asked for
// (map_regex.h). All rules together take a limited number of steps, so that no file of rules can hold the server up.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/neighbours.h"
#include "tftp/map_regex.h"
#include "tftp/packet.h"

namespace wherry::tftp {

inline constexpr std::size_t most_mapped_name = 4096;
inline constexpr std::size_t most_posix_name = 256;  // where the time that is needed may be exponential in it
inline constexpr std::uint32_t default_map_steps = 4096;

struct RemapProblem {
    std::uint32_t line = 0;
    std::string text;
};

enum class Macros : std::uint8_t {
    hpa,
    extended,  // \m, \n and \l as well
};

struct RemapOptions {
    Macros macros = Macros::hpa;
    RegexEngine engine = RegexEngine::linear;
};

// Immutable once it is made; shared by all loops.
class Remap {
public:
    struct Parsed;
    static Parsed parse(std::string_view text, const RemapOptions& options = {});

    Remap();
    ~Remap();
    Remap(Remap&&) noexcept;
    Remap& operator=(Remap&&) noexcept;
    std::size_t rules() const noexcept;
    // Whether some pattern has that one of \m, \n and \l, and it is no letter.
    bool uses(char macro) const noexcept;
    // No name may be longer, neither at first nor later.
    std::size_t longest_name() const noexcept { return is_slow() ? most_posix_name : most_mapped_name; }
    // Names may take long: on a worker.
    bool is_slow() const noexcept { return options_.engine == RegexEngine::posix; }
    // What is probably not meant: rules that never run, labels that are missing or never used.
    const std::vector<RemapProblem>& warnings() const noexcept { return warnings_; }

private:
    friend class RemapRun;
    friend class RemapParser;
    struct Rule;
    RemapOptions options_;
    std::vector<Rule> rules_;
    std::vector<RemapProblem> warnings_;
};

struct Remap::Parsed {
    std::shared_ptr<const Remap> rules;  // null if there are errors
    std::vector<RemapProblem> errors;
};

// One name on its way through the rules. It stops where it has to know whether a file is there.
class RemapRun {
public:
    struct Client {
        net::Address address;
        bool write = false;
        // What \m, \n and \l are; need not be found out unless Remap::uses() them.
        std::optional<net::Mac> mac{};
        std::string interface{};
        net::Address local{};
    };
    enum class State : std::uint8_t {
        done,     // name() is the result
        refused,  // refusal() says how
        probe,    // can name() be transferred? answer(), then run() again
    };
    RemapRun(std::shared_ptr<const Remap> rules, const Client& client, std::string name,
             std::uint32_t steps = default_map_steps);

    // Told of each rule that is tried: its line, whether it matched, and the name after it.
    using Trace = std::function<void(std::uint32_t line, bool matched, std::string_view name)>;
    void set_trace(Trace trace) { trace_ = std::move(trace); }

    State run();
    void answer(bool yes) noexcept { answer_ = yes; }
    const std::string& name() const noexcept { return name_; }
    const Refusal& refusal() const noexcept { return refusal_; }

private:
    using Match = MapRegex::Match;
    std::optional<Match> match(const Remap::Rule& rule, std::size_t from);
    std::string expand(const Remap::Rule& rule, const Match& match) const;
    std::optional<std::string> macro(char letter) const;
    bool replace(const Remap::Rule& rule, const Match& first);
    bool replace_rest(const Remap::Rule& rule, const Match& first);
    bool applies(const Remap::Rule& rule) const noexcept;
    State apply(const Remap::Rule& rule, const Match& matched);
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
    bool gave_up_ = false;  // the engine did; whether a rule matches is not known
    Refusal refusal_;
    Trace trace_;
};

}  // namespace wherry::tftp
