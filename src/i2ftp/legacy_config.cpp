#include "i2ftp/legacy_config.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "net/network.h"

namespace wherry::i2ftp {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto levels = std::to_array<std::pair<std::string_view, LogLevel>>({
    {"debug", LogLevel::debug},
    {"info", LogLevel::info},
    {"warning", LogLevel::warning},
    {"error", LogLevel::error},
    {"critical", LogLevel::error},
});

// Reads one object, and remembers all that is wrong with it.
class Reader {
public:
    Reader(const Json& object, const std::string& file) : object_(object), file_(file) {}

    void mistake(std::string_view key, std::string_view what) {
        mistakes_ += fmt::format("{}{}: {}: {}", mistakes_.empty() ? "" : "\n", file_, key, what);
    }
    // Null: it is missing, which has been complained of.
    const Json* find(const char* key) {
        const auto found = object_.find(key);
        if (found != object_.end()) return &*found;
        mistake(key, "is missing; all of root, port, log_file, log_level, keychain, tls and read_only are needed");
        return nullptr;
    }
    std::string text(const char* key) {
        const Json* const value = find(key);
        if (value == nullptr) return {};
        if (!value->is_string()) return mistake(key, "must be a text"), std::string();
        auto text = value->get<std::string>();
        if (text.empty()) mistake(key, "is empty");
        if (text.contains('\0')) mistake(key, "has a NUL in it");
        return text;
    }
    bool flag(const char* key) {
        const Json* const value = find(key);
        if (value != nullptr && !value->is_boolean()) mistake(key, "must be true or false");
        return value != nullptr && value->is_boolean() && value->get<bool>();
    }
    std::string& mistakes() noexcept { return mistakes_; }

private:
    const Json& object_;
    const std::string& file_;
    std::string mistakes_;
};

void read_port(Reader& reader, std::uint16_t& port) {
    const Json* const value = reader.find("port");
    if (value == nullptr) return;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() < 1 || value->get<std::uint64_t>() > 65535) {
        return reader.mistake("port", "must be a whole number from 1 to 65535");
    }
    port = value->get<std::uint16_t>();
}

void read_level(Reader& reader, LogLevel& level) {
    const Json* const value = reader.find("log_level");
    if (value == nullptr) return;
    const auto parsed = parse_legacy_level(value->is_string()            ? value->get<std::string>()
                                           : value->is_number_unsigned() ? value->dump()
                                                                         : std::string());
    if (!parsed) return reader.mistake("log_level", parsed.error().message);
    level = *parsed;
}

void read_key(Reader& reader, SharedKey& key) {
    const std::string digits = reader.text("keychain");
    if (digits.empty()) return;
    auto parsed = SharedKey::from_hex(digits);
    if (!parsed) return reader.mistake("keychain", parsed.error().message);
    key = std::move(*parsed);
}

void read_root(Reader& reader, std::string& root) {
    root = reader.text("root");
    if (!root.empty() && !root.starts_with('/')) reader.mistake("root", "must be an absolute path, like /srv/i2ftp");
}

}  // namespace

LegacyConfig legacy_defaults(const std::string& home) {
    LegacyConfig config;
    config.root = home + "/i2ftp/root";
    config.log_file = home + "/i2ftp/i2ftp.log";
    config.keychain = SharedKey::random();
    return config;
}

Result<LogLevel> parse_legacy_level(std::string_view text) {
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (lower(text) == levels[i].first || text == std::to_string(i)) return levels[i].second;
    }
    return fail(Code::invalid, "must be DEBUG, INFO, WARNING, ERROR or CRITICAL, or a number from 0 to 4");
}

Result<LegacyConfig> parse_legacy_config(std::string_view json, const std::string& file) {
    const auto object = Json::parse(json, nullptr, false);
    if (object.is_discarded()) return fail(Code::invalid, file + ": is no JSON");
    if (!object.is_object()) return fail(Code::invalid, file + R"(: must be an object, like {"root": "/srv/i2ftp"})");
    Reader reader(object, file);
    LegacyConfig config;
    read_root(reader, config.root);
    read_port(reader, config.port);
    config.log_file = reader.text("log_file");
    read_level(reader, config.log_level);
    read_key(reader, config.keychain);
    config.tls = reader.flag("tls");
    config.read_only = reader.flag("read_only");
    if (!reader.mistakes().empty()) return fail(Code::invalid, std::move(reader.mistakes()));
    return config;
}

std::string print_legacy_config(const LegacyConfig& config) {
    Json object;
    object["root"] = config.root;
    object["port"] = config.port;
    object["log_file"] = config.log_file;
    const auto level = static_cast<std::size_t>(config.log_level);
    object["log_level"] = upper(levels[std::min(level, levels.size() - 1)].first);
    object["keychain"] = config.keychain.hex();
    object["tls"] = config.tls;
    object["read_only"] = config.read_only;
    return object.dump(2, ' ', true, Json::error_handler_t::replace) + '\n';
}

Result<LegacyConfig> load_legacy_config(const std::string& file) {
    constexpr std::string_view doing = "reading";
    const net::Socket opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!opened) return fail_errno(errno, doing, file);
    std::string text;
    std::array<char, 16 * 1024> some{};
    for (;;) {
        const ssize_t got = read(opened.descriptor(), some.data(), some.size());
        if (got < 0) return fail_errno(errno, doing, file);
        if (got == 0) break;
        text.append(some.data(), static_cast<std::size_t>(got));
        if (text.size() > LegacyConfig::largest_file) return fail(Code::invalid, file + ": is too large");
    }
    return parse_legacy_config(text, file);
}

Result<void> store_legacy_config(const LegacyConfig& config, const std::string& file, bool replace) {
    const std::string text = print_legacy_config(config);
    const std::string fresh = fmt::format("{}.{}", file, getpid());
    const net::Socket opened(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!opened) return fail_errno(errno, "making", fresh);
    bool good = write(opened.descriptor(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                fsync(opened.descriptor()) == 0;
    good = good && (replace ? rename(fresh.c_str(), file.c_str()) : link(fresh.c_str(), file.c_str())) == 0;
    const int number = good ? 0 : errno;
    if (!good || !replace) unlink(fresh.c_str());
    if (!good) return fail_errno(number, "writing", file);
    return {};
}

}  // namespace wherry::i2ftp
