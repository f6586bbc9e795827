#pragma once
// Reading one value of a TOML file: its type, its limits, and complaints that name file, line and key.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/toml.h"

namespace wherry {

// Where something stands in the file, for complaints made after it was read.
struct Place {
    std::uint32_t line = 0;
    std::string key;  // "users.alice.home"
};

// All that is wrong with one file, so that the operator mends it in one go.
class Problems {
public:
    static constexpr std::size_t shown = 20;  // more are counted, not listed

    explicit Problems(std::string file) : file_(std::move(file)) {}

    // `text` says what is wrong and what to do: "is not a folder; make it or correct the path". It never holds a
    // password.
    void add(const Place& place, std::string_view text);
    bool empty() const noexcept { return found_.empty(); }
    // One line each, in the order of the file: "users.toml:3: users.alice.home: is not a folder; ...".
    std::string text() const;

private:
    struct Problem {
        std::uint32_t line;
        std::string text;
    };
    std::string file_;
    std::vector<Problem> found_;
};

// One value and its key. The functions that convert complain by themselves and then give nothing. Lives only while the
// file is read: it refers to the parsed file and to the problems.
class KeyValue {
public:
    KeyValue(const toml::node& node, std::string key, Problems& problems)
        : node_(node), key_(std::move(key)), problems_(problems) {}

    const toml::node& node() const noexcept { return node_; }
    Problems& problems() const noexcept { return problems_; }
    const std::string& key() const noexcept { return key_; }
    Place place() const { return {node_.source().begin.line, key_}; }
    void problem(std::string_view text) const { problems_.add(place(), text); }

    std::optional<std::string> text() const;
    std::optional<bool> flag() const;
    std::optional<std::uint64_t> count(std::uint64_t most) const;  // a whole number from 0 to `most`
    std::optional<std::vector<std::string>> list() const;          // of texts; a single text is a list of one
    std::optional<std::uint32_t> octal() const;                    // as text, from "000" to "777"
    // A whole number of bytes, or text with a unit as core/units.h reads it.
    std::optional<std::uint64_t> size() const;
    std::optional<std::uint64_t> rate() const;

private:
    using Parse = std::optional<std::uint64_t> (*)(std::string_view);
    std::optional<std::uint64_t> bytes(Parse parse, std::string_view example) const;

    const toml::node& node_;
    std::string key_;
    Problems& problems_;
};

// `name` as a part of a key: bare where TOML allows that, else quoted and with its control bytes made visible.
std::string key_part(std::string_view name);

}  // namespace wherry
