// The keys of [[tftp.rule]] tables.
#include <utility>

#include "service/config_keys.h"

namespace wherry {
namespace {

using namespace fields;
using namespace std::chrono_literals;
using enum ConfigKey::Change;
using tftp::Rule;
using tftp::WriteMode;

Rule& rule_of(Config& config) { return config.tftp.settings.rules.back(); }
const Rule& rule_of(const Config& config) { return config.tftp.settings.rules.back(); }

// A member that may be left out. `inner` is the field of its value.
template <class Member, class Read, class Show>
Field maybe(std::string type, std::string allowed, Member member, Read read, Show show) {
    return make(std::move(type), std::move(allowed), member, read,
                [show](const auto& shown) { return shown ? show(*shown) : std::string(); });
}

template <class Member>
Field maybe_number(Member member, std::uint64_t least, std::uint64_t most) {
    return maybe(
        "whole number", std::to_string(least) + " to " + std::to_string(most), member,
        [=](const Value& value) { return read_number(value, least, most); },
        [](auto shown) { return std::to_string(shown); });
}

template <class Member>
Field maybe_flag(Member member) {
    return maybe("true or false", "", member, read_flag, [](bool on) { return std::string(on ? "true" : "false"); });
}

Result<std::vector<net::MacPrefix>> read_macs(const Value& value) {
    const auto texts = read_list(value);
    if (!texts) return std::unexpected(texts.error());
    std::vector<net::MacPrefix> out;
    for (const std::string& text : *texts) {
        const auto prefix = net::MacPrefix::parse(text);
        if (!prefix) return fail(Code::invalid, "must be hardware addresses, or beginnings of them like \"00:1b:21\"");
        out.push_back(*prefix);
    }
    return out;
}

std::string show_macs(const std::vector<net::MacPrefix>& shown) {
    std::vector<std::string> texts;
    for (const net::MacPrefix& prefix : shown) texts.push_back(prefix.text());
    return show_list(texts);
}

// Words of which none is the default.
template <class Enum, class Member>
Field maybe_choice(Member member, std::vector<std::pair<std::string_view, Enum>> words) {
    std::vector<std::string_view> names;
    std::string allowed;
    for (const auto& [name, meaning] : words) {
        names.push_back(name);
        allowed += (allowed.empty() ? "" : ", ") + toml_text(name);
    }
    return maybe(
        "one of", std::move(allowed), member,
        [=](const Value& value) -> Result<Enum> {
            const auto index = read_choice(value, names);
            if (!index) return std::unexpected(index.error());
            return words[*index].second;
        },
        [=](Enum shown) {
            for (const auto& [name, meaning] : words) {
                if (meaning == shown) return toml_text(name);
            }
            return std::string();
        });
}

std::vector<ConfigKey> conditions() {
    using Direction = Rule::Direction;
    return {
        {"tftp.rule.client", live, subnets([](auto& c) -> auto& { return rule_of(c).client; }),
         "Of clients there; empty: anywhere."},
        {"tftp.rule.mac", live,
         make(
             "list of hardware addresses", "or beginnings of them, like \"00:1b:21\"",
             [](auto& c) -> auto& { return rule_of(c).mac; }, read_macs, show_macs),
         "Of clients on the same link with such a hardware address."},
        {"tftp.rule.interface", live, text([](auto& c) -> auto& { return rule_of(c).interface; }, 64, "a pattern"),
         "Of clients whose requests come by such an interface."},
        {"tftp.rule.local", live, subnets([](auto& c) -> auto& { return rule_of(c).local; }),
         "Of requests that were sent to such an address of this machine; empty: to any."},
        {"tftp.rule.name", live, text([](auto& c) -> auto& { return rule_of(c).name; }, 1024, "a pattern"),
         "Of requests for such a path, written without its first slash."},
        {"tftp.rule.name_regex", live,
         make(
             "regular expression", "", [](auto& c) -> auto& { return rule_of(c).name_regex; },
             [](const Value& value) -> Result<tftp::NameRegex> {
                 auto text = read_text(value, tftp::NameRegex::longest);
                 if (!text) return std::unexpected(std::move(text.error()));
                 return tftp::NameRegex::parse(std::move(*text));
             },
             [](const tftp::NameRegex& shown) { return toml_text(shown.text()); }),
         "Of requests for paths, written without their first slash, that it is found in. As Perl's, without "
         "look-around "
         "and back-references."},
        {"tftp.rule.op", live,
         choice([](auto& c) -> auto& { return rule_of(c).op; },
                std::vector<std::pair<std::string_view, Direction>>{
                    {"both", Direction::both}, {"read", Direction::read}, {"write", Direction::write}}),
         "Of downloads, or uploads, alone."},
    };
}

std::vector<ConfigKey> consequences() {
    return {
        {"tftp.rule.root", live, place("folder", [](auto& c) -> auto& { return rule_of(c).root; }),
         "The folder that is served, instead of tftp.roots."},
        {"tftp.rule.read", live, maybe_flag([](auto& c) -> auto& { return rule_of(c).read; }),
         "Whether downloads are allowed."},
        {"tftp.rule.write", live,
         maybe_choice<WriteMode>([](auto& c) -> auto& { return rule_of(c).write; },
                                 {{"off", WriteMode::off},
                                  {"create", WriteMode::create},
                                  {"existing", WriteMode::existing},
                                  {"overwrite", WriteMode::overwrite}}),
         "As tftp.write.mode."},
        {"tftp.rule.refuse", live,
         maybe(
             "list of options", "", [](auto& c) -> auto& { return rule_of(c).refuse; }, read_list, show_list),
         "As tftp.options.refuse."},
        {"tftp.rule.blksize_max", live, maybe_number([](auto& c) -> auto& { return rule_of(c).blksize_max; }, 8, 65464),
         "As tftp.options.blksize_max."},
        {"tftp.rule.windowsize_max", live,
         maybe_number([](auto& c) -> auto& { return rule_of(c).windowsize_max; }, 1, 32767),
         "As tftp.options.windowsize_max."},
        {"tftp.rule.mtu", live, maybe_number([](auto& c) -> auto& { return rule_of(c).mtu; }, 0, 65535),
         "As tftp.mtu."},
        {"tftp.rule.rollover", live, maybe_number([](auto& c) -> auto& { return rule_of(c).rollover; }, 0, 1),
         "As tftp.options.rollover."},
        {"tftp.rule.rto_fixed", live,
         maybe(
             "duration", "0s to 1h", [](auto& c) -> auto& { return rule_of(c).rto_fixed; },
             [](const Value& value) { return read_duration(value, 0s, 1h, 1ms); },
             [](std::chrono::milliseconds shown) { return toml_text(print_duration(shown)); }),
         "As tftp.timers.rto_fixed."},
        {"tftp.rule.pace", live,
         maybe(
             "text", std::string(pace_words), [](auto& c) -> auto& { return rule_of(c).pace; }, read_pace, show_pace),
         "As tftp.timers.pace."},
        {"tftp.rule.rate", live,
         maybe(
             "rate", "", [](auto& c) -> auto& { return rule_of(c).rate; },
             [](const Value& value) { return read_bytes(value, parse_rate, "2M/s"); },
             [](std::uint64_t shown) { return shown == 0 ? "0" : toml_text(print_rate(shown)); }),
         "As tftp.read.rate_per_transfer and tftp.write.rate_per_transfer, whichever the request is for."},
    };
}

}  // namespace

std::span<const ConfigKey> tftp_rule_keys() {
    static const std::vector<ConfigKey> all = [] {
        std::vector<ConfigKey> out = conditions();
        for (ConfigKey& key : consequences()) out.push_back(std::move(key));
        return out;
    }();
    return all;
}

}  // namespace wherry
