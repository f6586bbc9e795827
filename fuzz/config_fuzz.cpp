// A configuration file: every mistake is told with its place, and the same text gives the same answer.
#include "service/config_load.h"

#include <tuple>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wherry::fuzz::require;
    const std::string_view content = wherry::fuzz::text_of(data, size);
    const auto loaded = wherry::parse_config(content, "wherry.toml");
    const auto again = wherry::parse_config(content, "wherry.toml");
    require(loaded.config.file == "wherry.toml", "the file is noted");
    require(loaded.problems.size() == again.problems.size(), "twice read is the same");
    for (std::size_t i = 0; i < loaded.problems.size(); ++i) {
        const auto& problem = loaded.problems[i];
        require(!problem.text.empty(), "a mistake has a name");
        require(problem.text == again.problems[i].text, "twice read is the same");
        require(wherry::print_problem("wherry.toml", problem).starts_with("wherry.toml:"), "a mistake has a place");
        if (i == 0) continue;
        const auto& before = loaded.problems[i - 1];
        require(std::tie(before.line, before.column) <= std::tie(problem.line, problem.column), "in order of the file");
    }
    return 0;
}
