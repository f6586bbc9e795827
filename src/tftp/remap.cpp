#include "tftp/remap.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "core/hex.h"
#include "core/text.h"

namespace wherry::tftp {
namespace {

constexpr std::string_view failed = "Name mapping failed";

// Calls `told` with each letter behind a backslash.
template <class Told>
void for_each_escape(std::string_view pattern, Told told) {
    for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
        if (pattern[i] == '\\') told(pattern[++i]);
    }
}

}  // namespace

struct Remap::Rule {
    std::optional<std::string> label;  // a label and nothing else
    MapRegex regex;
    std::string pattern;
    std::string letters;
    std::uint32_t line = 0;
    bool has(char letter) const noexcept { return letters.find(letter) != std::string::npos; }
    bool rest_only() const noexcept { return std::count(letters.begin(), letters.end(), 'g') > 1; }
};

Remap::Remap() = default;
Remap::~Remap() = default;
Remap::Remap(Remap&&) noexcept = default;
Remap& Remap::operator=(Remap&&) noexcept = default;
std::size_t Remap::rules() const noexcept { return rules_.size(); }

// --- reading

class RemapParser {
public:
    explicit RemapParser(const RemapOptions& options) { rules_.options_ = options; }

    Remap::Parsed parse(std::string_view text) {
        std::uint32_t number = 0;
        for (const std::string_view line : split(text, '\n')) {
            ++number;
            if (rules_.rules_.size() >= most_rules) {
                error(number, "there are more than " + std::to_string(most_rules) + " rules");
                break;
            }
            read_line(number, line);
        }
        check_labels();
        if (out_.errors.empty()) out_.rules = std::make_shared<const Remap>(std::move(rules_));
        return std::move(out_);
    }

private:
    static constexpr std::size_t most_rules = 10'000;

    void warn(std::uint32_t line, std::string text) { rules_.warnings_.push_back({line, std::move(text)}); }
    void error(std::uint32_t line, std::string text) { out_.errors.push_back({line, std::move(text)}); }

    // Up to white space or '#' without a backslash before it.
    static std::string take_field(std::string_view& rest) {
        while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
        std::string field;
        while (!rest.empty() && rest.front() != ' ' && rest.front() != '\t') {
            const char c = rest.front();
            if (c == '#') {
                rest = {};
                break;
            }
            field += c;
            rest.remove_prefix(1);
            if (c != '\\') continue;
            field += rest.empty() ? '\\' : rest.front();
            if (!rest.empty()) rest.remove_prefix(1);
        }
        return field;
    }

    void read_line(std::uint32_t number, std::string_view raw) {
        std::string line;
        std::copy_if(raw.begin(), raw.end(), std::back_inserter(line), [](char c) { return c != '\r' && c != '\0'; });
        std::string_view rest = line;
        std::string operation = take_field(rest);
        if (operation.empty()) return;
        Remap::Rule rule;
        rule.line = number;
        if (operation.front() == ':') {
            rule.label = operation.size() > 1 ? operation.substr(1) : take_field(rest);
            rules_.rules_.push_back(std::move(rule));
            return;
        }
        rule.letters = std::move(operation);
        const std::string regex = take_field(rest);
        rule.pattern = take_field(rest);
        if (!check_letters(rule)) return;
        if (regex.empty()) return error(number, "the regular expression is missing");
        auto compiled = MapRegex::parse(regex, rules_.options_.engine, rule.has('i'));
        if (!compiled) {
            return error(number, "the regular expression " + for_log(regex) + ": " + for_log(compiled.error().message));
        }
        rule.regex = std::move(*compiled);
        if ((rule.has('G') && rule.has('P')) || (rule.has('4') && rule.has('6'))) {
            warn(number, "this rule never runs: its letters exclude each other");
        }
        rules_.rules_.push_back(std::move(rule));
    }

    bool check_letters(const Remap::Rule& rule) {
        for (const char c : rule.letters) {
            if (std::string_view("rgieEsajGP46~").find(c) != std::string_view::npos) continue;
            error(rule.line, "unknown letter '" + for_log(std::string_view(&c, 1)) + "'");
            return false;
        }
        // Of each pair not both.
        constexpr auto pairs = std::to_array<std::string_view>(
            {"r~", "ra", "rj", "ae", "aE", "as", "aj", "eE", "ej", "es", "Ej", "Es", "sj"});
        for (const std::string_view pair : pairs) {
            if (!rule.has(pair[0]) || !rule.has(pair[1])) continue;
            error(rule.line, std::string("'") + pair[0] + "' and '" + pair[1] + "' exclude each other");
            return false;
        }
        return true;
    }

    void check_labels() {
        for (const Remap::Rule& rule : rules_.rules_) {
            const bool constant = rule.has('j') && rule.pattern.find('\\') == std::string::npos;
            if (!constant || is_label(rule.pattern)) continue;
            warn(rule.line, "there is no label " + for_log(rule.pattern));
        }
        for (const Remap::Rule& rule : rules_.rules_) {
            if (rule.label && !is_used(*rule.label)) {
                warn(rule.line, "the label " + for_log(*rule.label) + " is never used");
            }
        }
        const auto place = [](const RemapProblem& one) { return std::tie(one.line, one.text); };
        std::ranges::sort(rules_.warnings_, {}, place);
    }
    // Where patterns make labels out of names, any may be meant.
    bool is_used(const std::string& label) const {
        return std::ranges::any_of(rules_.rules_, [&](const Remap::Rule& rule) {
            return rule.has('j') && (rule.pattern == label || rule.pattern.find('\\') != std::string::npos);
        });
    }
    bool is_label(const std::string& name) const {
        return std::any_of(rules_.rules_.begin(), rules_.rules_.end(),
                           [&](const Remap::Rule& rule) { return rule.label == name; });
    }

    Remap rules_;
    Remap::Parsed out_;
};

Remap::Parsed Remap::parse(std::string_view text, const RemapOptions& options) {
    return RemapParser(options).parse(text);
}

bool Remap::uses(char macro) const noexcept {
    bool found = false;
    for (const Rule& rule : rules_) for_each_escape(rule.pattern, [&](char c) { found = found || c == macro; });
    return found && options_.macros == Macros::extended;
}

// --- running

RemapRun::RemapRun(std::shared_ptr<const Remap> rules, const Client& client, std::string name, std::uint32_t steps)
    : rules_(std::move(rules)), client_(client), name_(std::move(name)), steps_(steps) {}

bool RemapRun::applies(const Remap::Rule& rule) const noexcept {
    if (rule.label) return false;
    if ((rule.has('G') && client_.write) || (rule.has('P') && !client_.write)) return false;
    return !(rule.has('4') && client_.address.is_ipv6()) && !(rule.has('6') && !client_.address.is_ipv6());
}

std::optional<RemapRun::Match> RemapRun::match(const Remap::Rule& rule, std::size_t from) {
    const auto found = rule.regex.find(name_, from);
    gave_up_ = gave_up_ || !found;
    return found.value_or(std::nullopt);
}

// nullopt: a letter.
std::optional<std::string> RemapRun::macro(char letter) const {
    if (letter == 'i') return client_.address.ip();
    if (letter == 'x') {
        std::string hex;
        for (std::size_t k = 0; k < (client_.address.is_ipv6() ? 16U : 4U); ++k) {
            append_hex(hex, client_.address.bytes()[k], upper_hex_digits);
        }
        return hex;
    }
    if (rules_->options_.macros == Macros::hpa) return std::nullopt;
    switch (letter) {
        case 'm': return client_.mac ? client_.mac->text() : std::string();
        case 'n': return client_.interface;
        case 'l': return client_.local.ip();
        default: return std::nullopt;
    }
}

std::string RemapRun::expand(const Remap::Rule& rule, const Match& found) const {
    std::string out;
    char letters = 'E';
    const auto add = [&](std::string_view text) {
        out += letters == 'U' ? upper(text) : letters == 'L' ? lower(text) : std::string(text);
    };
    const std::string& pattern = rule.pattern;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '\\' || i + 1 == pattern.size()) {
            add(std::string_view(pattern).substr(i, 1));
            continue;
        }
        const char c = pattern[++i];
        if (is_digit(c)) {
            add(found.parts[static_cast<std::size_t>(c - '0')]);
        } else if (const auto value = macro(c)) {
            add(*value);
        } else if (c == 'U' || c == 'L' || c == 'E') {
            letters = c;
        } else {
            add(std::string_view(&c, 1));
        }
    }
    return out;
}

// Puts the pattern in place of the match, once or (g) until there is none. False: too many steps, or too long a name.
bool RemapRun::replace(const Remap::Rule& rule, const Match& first) {
    if (rule.rest_only()) return replace_rest(rule, first);
    std::optional<Match> found = first;
    while (found) {
        name_ = name_.substr(0, found->begin) + expand(rule, *found) + name_.substr(found->end);
        if (name_.size() > rules_->longest_name()) return false;
        if (!rule.has('g')) return true;
        if (!step()) return false;
        found = match(rule, 0);
    }
    return !gave_up_;
}

bool RemapRun::replace_rest(const Remap::Rule& rule, const Match& first) {
    std::string out;
    std::size_t from = 0;
    std::optional<Match> found = first;
    while (found) {
        out += name_.substr(from, found->begin - from) + expand(rule, *found);
        from = found->end;
        if (found->begin == found->end) {  // nothing was there: one byte on, or it would be found for ever
            if (from >= name_.size()) break;
            out += name_[from++];
        }
        if (out.size() > rules_->longest_name() || !step()) return false;
        found = match(rule, from);
    }
    if (from < name_.size()) out += name_.substr(from);
    name_ = std::move(out);
    return name_.size() <= rules_->longest_name() && !gave_up_;
}

RemapRun::State RemapRun::refuse(std::string text) {
    refusal_ = {ErrorCode::access, std::move(text)};
    return State::refused;
}

RemapRun::State RemapRun::jump(const std::string& label) {
    for (std::size_t i = 0; i < rules_->rules_.size(); ++i) {
        if (rules_->rules_[i].label != label) continue;
        next_ = i + 1;
        return State::done;
    }
    return refuse(std::string(failed));
}

RemapRun::State RemapRun::run() {
    if (std::exchange(probing_, false)) {
        if (answer_.value_or(false)) return State::done;
        name_ = before_;
        answer_.reset();
    }
    if (name_.size() > rules_->longest_name()) return refuse(std::string(failed));
    while (next_ < rules_->rules_.size()) {
        const Remap::Rule& rule = rules_->rules_[next_++];
        if (!applies(rule)) continue;
        if (!step()) return refuse(std::string(failed));
        const auto found = match(rule, 0);
        if (gave_up_) return refuse(std::string(failed));  // a rule may have been there to refuse it
        const bool acts = found.has_value() != rule.has('~');
        const State state = acts ? apply(rule, found.value_or(Match())) : State::done;
        if (trace_) trace_(rule.line, acts, name_);
        if (state != State::done) return state;
        if (acts && rule.has('e')) return State::done;
    }
    return State::done;
}

// State::done: to be gone on with.
RemapRun::State RemapRun::apply(const Remap::Rule& rule, const Match& matched) {
    if (rule.has('a')) {
        const std::string text = expand(rule, matched);
        return refuse(text.empty() ? "Access violation" : printable(text));
    }
    if (rule.has('j')) return jump(expand(rule, matched));
    before_ = name_;
    if (rule.has('r') && !replace(rule, matched)) return refuse(std::string(failed));
    if (rule.has('s')) next_ = 0;
    if (!rule.has('E')) return State::done;
    probing_ = true;
    return State::probe;
}

}  // namespace wherry::tftp
