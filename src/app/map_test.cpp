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
    std::string macros = "hpa";
    std::string engine = "linear";
    std::string mac;
    std::string interface;
    std::string local = "0.0.0.0";
};

// Whose names they are, as the options say.
Result<tftp::RemapRun::Client> client_of(const MapTestOptions& options) {
    const auto from = net::Address::parse_ip(options.from, 0);
    if (!from) return fail(Code::invalid, "--from: " + from.error().message);
    const auto local = net::Address::parse_ip(options.local, 0);
    if (!local) return fail(Code::invalid, "--local: " + local.error().message);
    const auto mac = net::Mac::parse(options.mac);
    if (!mac && !options.mac.empty()) {
        return fail(Code::invalid, "--mac: '" + for_log(options.mac) + "' is not like 00:1b:21:0a:0b:0c");
    }
    tftp::RemapRun::Client client{*from, options.put};
    client.mac = mac;
    client.interface = options.interface;
    client.local = *local;
    return client;
}

// Whether a rule with the letter E would find that file.
bool is_there(const MapTestOptions& options, const std::string& name) {
    if (options.root.empty()) return false;
    const auto path = tftp::path_of_name(name, {});
    std::error_code ignored;
    return path && std::filesystem::is_regular_file(options.root + path->string(), ignored);
}

std::string mapped(const MapTestOptions& options, const std::shared_ptr<const tftp::Remap>& rules,
                   const tftp::RemapRun::Client& client, std::string name) {
    tftp::RemapRun run(rules, client, std::move(name), options.steps);
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
    const auto rules = load_tftp_map(
        options.map, {.macros = options.macros == "hpa" ? tftp::Macros::hpa : tftp::Macros::extended,
                      .engine = options.engine == "linear" ? tftp::RegexEngine::linear : tftp::RegexEngine::posix});
    if (!rules) {
        complain(rules.error().message);
        return exit_usage;
    }
    for (const std::string& warning : tftp_map_warnings(options.map, *rules)) complain("warning: " + warning);
    const auto client = client_of(options);
    if (!client) {
        complain(client.error().message);
        return exit_usage;
    }
    for (std::string name; std::getline(std::cin, name);) {
        fmt::print("{}\n", printable(mapped(options, *rules, *client, std::move(name))));
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
    command->add_option("--macros", options->macros, "What patterns know: hpa, or extended with \\m, \\n and \\l [hpa]")
        ->type_name("SET")
        ->check(CLI::IsMember({"hpa", "extended"}));
    command->add_option("--mac", options->mac, "What \\m is: the client's hardware address")->type_name("MAC");
    command->add_option("--interface", options->interface, "What \\n is: where the request comes in")
        ->type_name("NAME");
    command->add_option("--local", options->local, "What \\l is: where the request was sent to [0.0.0.0]")
        ->type_name("IP");
    command->add_option("--engine", options->engine, "Of the regular expressions: linear or posix [linear]")
        ->type_name("NAME")
        ->check(CLI::IsMember({"linear", "posix"}));
    command->callback([&exit_code, options] { exit_code = test(*options); });
}

}  // namespace wherry::app
