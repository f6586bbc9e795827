#include "service/config_load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <tuple>
#include <utility>

#include "auth/key_value.h"
#include "auth/toml.h"
#include "core/suggest.h"
#include "service/config_keys.h"

namespace wherry {
namespace {

Value value_of(const toml::node& node) {
    if (const auto flag = node.value_exact<bool>()) return *flag;
    if (const auto number = node.value_exact<std::int64_t>()) return *number;
    if (auto text = node.value_exact<std::string>()) return std::move(*text);
    const toml::array* const array = node.as_array();
    if (array == nullptr) return std::monostate{};
    const auto is_number = [](const toml::node& element) { return element.is_integer(); };
    if (!array->empty() && std::ranges::all_of(*array, is_number)) {
        std::vector<std::int64_t> numbers;
        for (const toml::node& element : *array) numbers.push_back(*element.value_exact<std::int64_t>());
        return numbers;
    }
    std::vector<std::string> list;
    for (const toml::node& element : *array) {
        auto text = element.value_exact<std::string>();
        if (!text) return std::monostate{};
        list.push_back(std::move(*text));
    }
    return list;
}

class Loader {
public:
    explicit Loader(LoadedConfig& loaded) : loaded_(loaded) {}

    void file(const toml::table& table) {
        for (const auto& [name, node] : table) {
            if (name.str() == "groups") {
                if (!node.is_table()) add(node.source().begin, "groups: must hold tables, like [groups.staff]");
            } else if (name.str() == "users") {
                users(node);
            } else if (is_group(name.str())) {
                group(std::string(name.str()), name, node);
            } else {
                add(name.source().begin, unknown(key_part(name.str()), top_groups()));
            }
        }
    }
    void add(const toml::source_position& at, std::string text) {
        loaded_.problems.push_back({at.line, at.column, std::move(text)});
    }

private:
    static const std::vector<std::string_view>& groups() {
        static const auto names = [] {
            std::vector<std::string_view> out{"users", "groups"};
            for (const ConfigKey& key : config_keys()) {
                if (out.back() != key.group()) out.push_back(key.group());
            }
            return out;
        }();
        return names;
    }

    static bool is_group(std::string_view name) {
        return std::find(groups().begin(), groups().end(), name) != groups().end();
    }
    // Those that stand in no other.
    static std::vector<std::string_view> top_groups() {
        std::vector<std::string_view> out;
        for (const std::string_view name : groups()) {
            if (name.find('.') == std::string_view::npos) out.push_back(name);
        }
        return out;
    }

    void users(const toml::node& node) {
        if (!node.is_table()) return add(node.source().begin, "users: must hold tables, like [users.alice]");
        loaded_.config.users_inline = !node.as_table()->empty();
    }

    void group(const std::string& path, const toml::key& name, const toml::node& node) {
        const toml::table* const table = node.as_table();
        if (table == nullptr) return add(name.source().begin, fmt::format("{0}: must be a table: [{0}]", path));
        for (const auto& [key, value] : *table) {
            const std::string whole = fmt::format("{}.{}", path, key_part(key.str()));
            if (is_group(whole)) {
                group(whole, key, value);
            } else if (whole == tftp_rules) {
                rules(value);
            } else if (const ConfigKey* const known = find_config_key(whole)) {
                const auto stored = known->field.set(loaded_.config, value_of(value));
                if (!stored) add(value.source().begin, fmt::format("{}: {}", whole, stored.error().message));
            } else {
                add(key.source().begin, unknown_in(path, whole, key.str()));
            }
        }
    }

    void rules(const toml::node& node) {
        const toml::array* const tables = node.as_array();
        const bool all =
            tables != nullptr && std::ranges::all_of(*tables, [](const auto& one) { return one.is_table(); });
        if (!all) return add(node.source().begin, "tftp.rule: must be tables, each one [[tftp.rule]]");
        if (tables->size() > most_tftp_rules) {
            return add(node.source().begin, fmt::format("tftp.rule: there are more than {}", most_tftp_rules));
        }
        for (const toml::node& one : *tables) rule(*one.as_table());
    }

    void rule(const toml::table& table) {
        loaded_.config.tftp.settings.rules.emplace_back();
        for (const auto& [key, value] : table) {
            const std::string whole = fmt::format("{}.{}", tftp_rules, key_part(key.str()));
            std::vector<std::string_view> known;
            const ConfigKey* found = nullptr;
            for (const ConfigKey& one : tftp_rule_keys()) {
                known.push_back(one.last());
                if (one.name == whole) found = &one;
            }
            if (found == nullptr) {
                add(key.source().begin, unknown(whole, known, key.str()));
            } else if (const auto stored = found->field.set(loaded_.config, value_of(value)); !stored) {
                add(value.source().begin, fmt::format("{}: {}", whole, stored.error().message));
            }
        }
    }

    // The key may have been meant for this group or, spelled right or wrong, for another one.
    static std::string unknown_in(std::string_view group, const std::string& whole, std::string_view last) {
        std::vector<std::string_view> here;
        std::string elsewhere;
        for (const ConfigKey& key : config_keys()) {
            if (key.group() == group) here.push_back(key.last());
            if (key.last() == last) elsewhere = key.name;
        }
        if (!elsewhere.empty() && suggest(last, here).empty()) {
            return fmt::format("{}: unknown key; did you mean \"{}\"?", whole, elsewhere);
        }
        return unknown(whole, here, last);
    }
    static std::string unknown(const std::string& whole, const std::vector<std::string_view>& known) {
        return unknown(whole, known, whole);
    }
    static std::string unknown(const std::string& whole, const std::vector<std::string_view>& known,
                               std::string_view word) {
        const std::string_view near = suggest(word, known);
        if (!near.empty()) return fmt::format("{}: unknown key; did you mean \"{}\"?", whole, near);
        return fmt::format("{}: unknown key; known are {}", whole, fmt::join(known, ", "));
    }

    LoadedConfig& loaded_;
};

struct Closer {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};

}  // namespace

std::string print_problem(const std::string& file, const ConfigProblem& problem) {
    if (problem.line == 0) return fmt::format("{}: {}", file, problem.text);
    return fmt::format("{}:{}:{}: {}", file, problem.line, problem.column, problem.text);
}

LoadedConfig parse_config(std::string_view content, const std::string& file) {
    LoadedConfig loaded;
    loaded.config.file = file;
    Loader loader(loaded);
    const toml::parse_result parsed = toml::parse(content, file);
    if (parsed) {
        loader.file(parsed.table());
    } else {
        const toml::parse_error& error = parsed.error();
        loader.add(error.source().begin, fmt::format("not valid TOML: {}", error.description()));
    }
    std::sort(loaded.problems.begin(), loaded.problems.end(), [](const auto& a, const auto& b) {
        return std::tie(a.line, a.column, a.text) < std::tie(b.line, b.column, b.text);
    });
    return loaded;
}

Result<LoadedConfig> load_config(const std::string& file) {
    constexpr std::string_view doing = "reading the configuration";
    const std::unique_ptr<std::FILE, Closer> stream(std::fopen(file.c_str(), "re"));
    if (stream == nullptr) return fail_errno(errno, doing, file);
    std::string content;
    std::string part(65536, '\0');
    while (const std::size_t got = std::fread(part.data(), 1, part.size(), stream.get())) {
        content.append(part, 0, got);
        if (content.size() > max_config_file) {
            return fail(Code::invalid, fmt::format("{} {}: larger than {} bytes", doing, file, max_config_file));
        }
    }
    if (std::ferror(stream.get()) != 0) return fail_errno(errno, doing, file);
    return parse_config(content, file);
}

}  // namespace wherry
