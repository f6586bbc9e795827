// wherry map-test: what a file of rules makes of names.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "app/commands.h"
#include "core/text.h"
#include "service/tftp_trees.h"
#include "tftp/names.h"

namespace wherry::app {
namespace {

struct MapTestOptions {
    std::string map;
    std::string from = "127.0.0.1";
    bool put = false;
    std::uint32_t steps = tftp::default_map_steps;
    std::string root;
    bool trace = false;
};

// Whether a rule with the letter E would find that file.
bool is_there(const MapTestOptions& options, const std::string& name) {
    if (options.root.empty()) return false;
    const auto path = tftp::path_of_name(name, {});
    std::error_code ignored;
    return path && std::filesystem::is_regular_file(options.root + path->string(), ignored);
}

std::string mapped(const MapTestOptions& options, const std::shared_ptr<const tftp::Remap>& rules,
                   const net::Address& from, std::string name) {
    tftp::RemapRun run(rules, {from, options.put}, std::move(name), options.steps);
    if (options.trace) {
        run.set_trace([](std::uint32_t line, bool matched, std::string_view now) {
            fmt::print(stderr, "line {}: {}\n", line, matched ? printable(now) : "no match");
        });
    }
    for (;;) {
        switch (run.run()) {
            case tftp::RemapRun::State::done: return run.name();
            case tftp::RemapRun::State::refused: return "ERROR: " + run.refusal().text;
            case tftp::RemapRun::State::probe: run.answer(is_there(options, run.name()));
        }
    }
}

int test(const MapTestOptions& options) {
    const auto rules = load_tftp_map(options.map);
    if (!rules) {
        complain(rules.error().message);
        return exit_usage;
    }
    for (const std::string& warning : tftp_map_warnings(options.map, *rules)) complain("warning: " + warning);
    const auto from = net::Address::parse_ip(options.from, 0);
    if (!from) {
        complain("--from: " + from.error().message);
        return exit_usage;
    }
    for (std::string name; std::getline(std::cin, name);) {
        fmt::print("{}\n", printable(mapped(options, *rules, *from, std::move(name))));
    }
    return exit_ok;
}

}  // namespace

void add_map_test(CLI::App& program, int& exit_code) {
    const auto options = std::make_shared<MapTestOptions>();
    CLI::App* const command =
        program.add_subcommand("map-test", "Read names and print what the rules of a TFTP map file make of them");
    command->add_option("--map", options->map, "The rules")->type_name("FILE")->required();
    command->add_option("--from", options->from, "Address of the client [127.0.0.1]")->type_name("IP");
    command->add_flag("--put", options->put, "As for uploads");
    command->add_option("--steps", options->steps, "Rules that may be tried for one name [4096]")->type_name("N");
    command->add_option("--root", options->root, "Where rules with the letter E look for files")->type_name("DIR");
    command->add_flag("--trace", options->trace, "Tell of each rule that is tried what it made of the name");
    command->callback([&exit_code, options] { exit_code = test(*options); });
}

}  // namespace wherry::app
