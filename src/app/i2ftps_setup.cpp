// wherry i2ftps-setup: the questions of i2ftps-setup, and the configuration and the unit that come of the answers.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

#include "app/commands.h"
#include "app/home.h"
#include "app/i2ftps_unit.h"
#include "core/text.h"
#include "i2ftp/legacy_config.h"

namespace wherry::app {
namespace {

using i2ftp::LegacyConfig;

constexpr std::size_t longest_answer = 4096;

Result<std::string> read_answer() {
    std::string line;
    for (;;) {
        char byte = 0;
        const ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(errno, "reading", "an answer from standard input");
        if (got == 0 && line.empty()) return fail(Code::closed, "no more answers on standard input");
        if (got == 0 || byte == '\n') break;
        if (line.size() < longest_answer) line += byte;
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

// Asks until `take` has nothing to complain of. An empty answer stands for `usual`.
Result<void> ask(const std::string& question, const std::string& usual,
                 const std::function<Result<void>(const std::string& answer)>& take) {
    for (;;) {
        fmt::print("{} [{}]: ", question, usual);
        std::fflush(stdout);
        auto answer = read_answer();
        if (!answer) return std::unexpected(std::move(answer.error()));
        const auto taken = take(answer->empty() ? usual : *answer);
        if (taken) return {};
        fmt::print("error: {}\n", taken.error().message);
    }
}

Result<void> make_folders(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_errno(error.value(), "making", folder);
    return {};
}

Result<void> check_absolute(const std::string& answer, std::string& path) {
    path = with_home(answer);
    if (path.starts_with('/')) return {};
    return fail(Code::invalid, "must be an absolute path, or begin with ~/");
}

// A file, whose folders are made.
Result<void> new_file(const std::string& answer, std::string& file) {
    if (auto is = check_absolute(answer, file); !is) return is;
    if (file.ends_with('/')) return fail(Code::invalid, "names a folder; name a file");
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) return fail(Code::is_directory, "is a folder; name a file");
    return make_folders(std::filesystem::path(file).parent_path().string());
}

bool is_yes(const std::string& answer) { return lower(answer) == "y" || lower(answer) == "yes"; }

Result<void> take_key(const std::string& answer, const std::string& usual, SharedKey& key) {
    if (answer == usual) return {};  // the new one that is there
    if (answer.size() > SharedKey::max_size) {
        return fail(Code::invalid, fmt::format("has more than {} bytes", SharedKey::max_size));
    }
    key = SharedKey(answer);
    if (answer.size() < SharedKey::weak_below) {
        fmt::print("risk: a key of less than {} bytes can be guessed by who has recorded one connection\n",
                   SharedKey::weak_below);
    }
    return {};
}

Result<void> take_port(const std::string& answer, std::uint16_t& port) {
    const auto number = parse_at_most(answer, 65535);
    if (!number || *number == 0) return fail(Code::invalid, "must be a number from 1 to 65535");
    port = static_cast<std::uint16_t>(*number);
    return {};
}

struct Answers {
    LegacyConfig config;
    std::string file;
    bool unit = false;
};

Result<Answers> ask_all() {
    Answers out{.config = i2ftp::legacy_defaults(home_folder()), .file = {}};
    LegacyConfig& config = out.config;
    const std::string new_key = "a new one, random";
    const auto flag = [](bool& into) {
        return [&into](const std::string& answer) -> Result<void> {
            into = is_yes(answer);
            return {};
        };
    };
    struct Question {
        std::string text;
        std::string usual;
        std::function<Result<void>(const std::string&)> take;
    };
    const Question questions[] = {
        {"Folder to serve", config.root,
         [&](const std::string& answer) -> Result<void> {
             if (auto is = check_absolute(answer, config.root); !is) return is;
             return make_folders(config.root);
         }},
        {"Port", std::to_string(config.port),
         [&](const std::string& answer) { return take_port(answer, config.port); }},
        {"Key, as text", new_key,
         [&](const std::string& answer) { return take_key(answer, new_key, config.keychain); }},
        {"Log file", config.log_file, [&](const std::string& answer) { return new_file(answer, config.log_file); }},
        {"Log level: DEBUG, INFO, WARNING, ERROR or CRITICAL", "INFO",
         [&](const std::string& answer) -> Result<void> {
             const auto level = i2ftp::parse_legacy_level(answer);
             if (!level) return std::unexpected(level.error());
             config.log_level = *level;
             return {};
         }},
        {"Read-only: y or n", "n", flag(config.read_only)},
        {"TLS, as I2FTP calls its own cipher: y or n", "n", flag(config.tls)},
        {"Where to save this", home_folder() + "/i2ftp/server_conf.json",
         [&](const std::string& answer) { return new_file(answer, out.file); }},
        {"A systemd unit: y or n", "y", flag(out.unit)},
    };
    for (const Question& question : questions) {
        if (auto asked = ask(question.text, question.usual, question.take); !asked) {
            return std::unexpected(std::move(asked.error()));
        }
    }
    return out;
}

// An earlier one stays beside it.
Result<void> save(const Answers& answers) {
    const std::string old = answers.file + ".old";
    if (rename(answers.file.c_str(), old.c_str()) == 0) {
        fmt::print("the file that was there is {} now\n", old);
    } else if (errno != ENOENT) {
        return fail_errno(errno, "renaming", answers.file);
    }
    auto stored = i2ftp::store_legacy_config(answers.config, answers.file, false);
    if (stored) fmt::print("saved {}; the clients need the key in it (keychain)\n", answers.file);
    return stored;
}

// Nothing here becomes root by itself: what root alone may do is told.
Result<void> make_unit(const Answers& answers, const std::string& folder) {
    const std::string text = i2ftps_unit(answers.file);
    auto stored = store_i2ftps_unit(text, folder);
    if (stored) {
        fmt::print("made {}\n", *stored);
        if (folder == usual_unit_folder && enable_unit(*stored)) return {};
        const std::string name = std::filesystem::path(*stored).filename().string();
        fmt::print("to start it with the machine: systemctl daemon-reload && systemctl enable --now {}\n", name);
        return {};
    }
    if (stored.error().code != Code::denied && stored.error().code != Code::read_only) {
        return std::unexpected(std::move(stored.error()));
    }
    const std::string here = std::filesystem::path(answers.file).parent_path().string();
    stored = store_i2ftps_unit(text, here);
    if (!stored) return std::unexpected(std::move(stored.error()));
    const std::string name = std::filesystem::path(*stored).filename().string();
    fmt::print(
        "made {}; as root, put it in its place and start it:\n"
        "  install -m 644 '{}' {}/ && systemctl daemon-reload && systemctl enable --now {}\n",
        *stored, *stored, folder, name);
    return {};
}

int set_up(const std::string& unit_folder) {
    const auto answers = ask_all();
    Result<void> done = answers ? save(*answers) : std::unexpected(answers.error());
    if (done && answers->unit) done = make_unit(*answers, unit_folder);
    if (done) return exit_ok;
    complain(done.error().message);
    return exit_failed;
}

}  // namespace

void add_i2ftps_setup(CLI::App& program, int& exit_code) {
    const auto folder = std::make_shared<std::string>(usual_unit_folder);
    CLI::App* const command = program.add_subcommand(
        "i2ftps-setup", "Ask what i2ftps-setup asks, and write its configuration file and a systemd unit");
    command->add_option("--unit-folder", *folder, fmt::format("Where the unit goes\n[{}]", usual_unit_folder))
        ->type_name("FOLDER");
    command->callback([&exit_code, folder] { exit_code = set_up(*folder); });
}

}  // namespace wherry::app
