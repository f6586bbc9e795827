#include "tftp/options.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "core/text.h"

namespace wherry::tftp {
namespace {

constexpr std::uint32_t ipv4_overhead = 32;  // IP, UDP and TFTP headers before a block
constexpr std::uint32_t ipv6_overhead = 52;

// 1 to 20 digits and nothing else.
std::optional<std::uint64_t> number_in(std::string_view text) {
    return text.size() > 20 ? std::nullopt : parse_u63(text);
}

// Seconds with a fraction: "1.5", "0.25", ".5".
std::optional<Span> fraction_in(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || text.size() > 20) return std::nullopt;
    const auto whole = dot == 0 ? std::optional<std::uint64_t>(0) : parse_at_most(text.substr(0, dot), 255);
    const std::string_view digits = text.substr(dot + 1);
    if (!whole || digits.empty() || digits.size() > 9) return std::nullopt;
    auto part = parse_u63(digits);
    if (!part) return std::nullopt;
    for (std::size_t i = digits.size(); i < 9; ++i) *part *= 10;
    const Span span = std::chrono::seconds(*whole) + std::chrono::nanoseconds(*part);
    if (span < std::chrono::milliseconds(10) || span > std::chrono::seconds(255)) return std::nullopt;
    return span;
}

class Negotiation {
public:
    Negotiation(const Request& request, const OptionRules& rules, const OptionContext& context)
        : request_(request), rules_(rules), context_(context) {
        out_.rollover = rules.rollover;
    }

    Negotiated run(const OptionHandler& others) {
        if (rules_.reject_all) return std::move(out_);
        const auto& options = request_.options;
        // The window needs the block size, and the rollover the window.
        for (std::size_t i = 0; i < options.size(); ++i) blksize(i, options[i]);
        for (std::size_t i = 0; i < options.size(); ++i) windowsize(i, options[i]);
        for (std::size_t i = 0; i < options.size(); ++i) rest(i, options[i], others);
        write_oack(options);
        return std::move(out_);
    }

private:
    bool is(const OptionPair& option, std::string_view name) const {
        return iequals(option.name, name) && !refused(name);
    }
    bool refused(std::string_view name) const {
        return std::any_of(rules_.refuse.begin(), rules_.refuse.end(),
                           [&](const std::string& one) { return iequals(one, name); });
    }
    void grant(std::size_t index, std::string value) { granted_[index] = std::move(value); }
    void grant(std::size_t index, std::uint64_t value) { granted_[index] = std::to_string(value); }

    std::uint64_t largest_in_one_packet() const {
        if (context_.mtu == 0) return most_blksize;
        const std::uint32_t overhead = context_.ipv6 ? ipv6_overhead : ipv4_overhead;
        return context_.mtu > overhead + least_blksize ? context_.mtu - overhead : least_blksize;
    }

    void blksize(std::size_t index, const OptionPair& option) {
        const bool power = is(option, "blksize2");
        if (has_blksize_ || (!power && !is(option, "blksize"))) return;
        const auto asked = number_in(option.value);
        if (!asked || *asked < least_blksize) return;
        has_blksize_ = true;  // the first of the two that makes sense counts
        std::uint64_t size = std::min<std::uint64_t>(*asked, std::max(rules_.blksize_max, least_blksize));
        const std::uint64_t fits = largest_in_one_packet();
        if (size > fits && rules_.mtu_policy == MtuPolicy::refuse) return;
        if (rules_.mtu_policy == MtuPolicy::cap) size = std::min(size, fits);
        size = std::min<std::uint64_t>(size, most_blksize);
        if (power) size = std::bit_floor(size);
        out_.blksize = static_cast<std::uint16_t>(size);
        grant(index, size);
    }

    void windowsize(std::size_t index, const OptionPair& option) {
        if (!is(option, "windowsize")) return;
        const auto asked = number_in(option.value);
        if (!asked || *asked < 1 || *asked > 65535) return;
        const std::uint64_t by_bytes = rules_.window_bytes_max / out_.blksize;
        const std::uint64_t window = std::max<std::uint64_t>(
            1, std::min({*asked, std::uint64_t{rules_.windowsize_max}, by_bytes, std::uint64_t{most_window}}));
        out_.window = static_cast<std::uint16_t>(window);
        grant(index, window);
    }

    void rest(std::size_t index, const OptionPair& option, const OptionHandler& others) {
        if (is(option, "tsize")) {
            tsize(index, option);
        } else if (is(option, "timeout") || is(option, "utimeout")) {
            timeout(index, option);
        } else if (is(option, "rollover")) {
            rollover(index, option);
        } else if (others && granted_[index].empty() && !is_known_option(option.name) && !refused(option.name)) {
            custom(index, option, others);
        }
    }

    void tsize(std::size_t index, const OptionPair& option) {
        const auto asked = number_in(option.value);
        if (!asked) return;
        if (request_.is_write()) {
            if (*asked != 0) out_.announced = *asked;
            out_.asked_size = true;
            grant(index, *asked);
        } else if (context_.size) {
            out_.asked_size = true;
            grant(index, *context_.size);
        }
    }

    void timeout(std::size_t index, const OptionPair& option) {
        if (out_.fixed_rto) return;
        if (iequals(option.name, "utimeout")) {
            const auto asked = number_in(option.value);
            if (!asked || *asked < 10000 || *asked > 255000000) return;
            out_.fixed_rto = std::chrono::microseconds(*asked);
            return grant(index, *asked);
        }
        const auto asked = number_in(option.value);
        if (asked && *asked >= 1 && *asked <= 255) {
            out_.fixed_rto = std::chrono::seconds(*asked);
            return grant(index, *asked);
        }
        if (!rules_.float_timeout) return;
        if (const auto span = fraction_in(option.value)) {
            out_.fixed_rto = *span;
            grant(index, std::string(option.value));
        }
    }

    void rollover(std::size_t index, const OptionPair& option) {
        const auto asked = number_in(option.value);
        if (!asked || *asked > 65535 || 65536 - *asked < 2 * std::uint64_t{out_.window} + 2) return;
        out_.rollover = static_cast<std::uint16_t>(*asked);
        grant(index, *asked);
    }

    void custom(std::size_t index, const OptionPair& option, const OptionHandler& others) {
        OptionAnswer answer = others(option.name, option.value);
        if (auto* const value = std::get_if<std::string>(&answer)) {
            value->erase(std::find(value->begin(), value->end(), '\0'), value->end());
            custom_[index] = true;
            granted_[index] = std::move(*value);
            has_value_[index] = true;
        } else if (auto* const refusal = std::get_if<Refusal>(&answer); refusal != nullptr && !out_.refused) {
            out_.refused = std::move(*refusal);
        }
    }

    // What does not fit is left out; only options of others can be that long, and the last of them go first.
    void write_oack(std::span<const OptionPair> options) {
        std::size_t size = 2;
        for (std::size_t i = 0; i < options.size(); ++i) size += size_of(options[i], i);
        for (std::size_t i = options.size(); i-- > 0 && size > max_oack;) {
            if (!custom_[i]) continue;
            size -= size_of(options[i], i);
            has_value_[i] = false;
            granted_[i].clear();
        }
        for (std::size_t i = 0; i < options.size(); ++i) {
            if (size_of(options[i], i) == 0) continue;
            if (out_.oack.empty()) append_u16(out_.oack, static_cast<std::uint16_t>(Op::oack));
            out_.oack.append(options[i].name).append(1, '\0').append(granted_[i]).append(1, '\0');
        }
    }
    std::size_t size_of(const OptionPair& option, std::size_t index) const {
        const bool there = !granted_[index].empty() || has_value_[index];
        return there ? option.name.size() + granted_[index].size() + 2 : 0;
    }

    const Request& request_;
    const OptionRules& rules_;
    const OptionContext& context_;
    Negotiated out_;
    std::array<std::string, max_options> granted_;
    std::array<bool, max_options> custom_{};
    std::array<bool, max_options> has_value_{};
    bool has_blksize_ = false;
};

}  // namespace

Negotiated negotiate(const Request& request, const OptionRules& rules, const OptionContext& context,
                     const OptionHandler& others) {
    return Negotiation(request, rules, context).run(others);
}

bool is_known_option(std::string_view name) {
    constexpr auto known = std::to_array<std::string_view>(
        {"blksize", "blksize2", "windowsize", "tsize", "timeout", "utimeout", "rollover", "multicast"});
    return std::any_of(known.begin(), known.end(), [&](std::string_view one) { return iequals(one, name); });
}

std::optional<std::uint64_t> option_number(const Request& request, std::string_view name) {
    for (const OptionPair& pair : request.options) {
        if (iequals(pair.name, name)) return number_in(pair.value);
    }
    return std::nullopt;
}

}  // namespace wherry::tftp
