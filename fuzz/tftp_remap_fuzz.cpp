// Rules for names. Input: the rules, a NUL, the name.
#include <string>

#include "fuzz.h"
#include "tftp/remap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wherry::tftp;
    using wherry::fuzz::require;
    wherry::fuzz::Input input(data, std::min<std::size_t>(size, 2048));
    const std::string rules(input.until('\0'));
    const std::string name(input.rest());
    const auto macros = name.size() % 4 < 2 ? Macros::hpa : Macros::extended;
    const auto parsed = Remap::parse(rules, {.macros = macros});
    require((parsed.rules != nullptr) == parsed.errors.empty(), "rules or mistakes");
    if (!parsed.rules) return 0;
    RemapRun run(parsed.rules, {wherry::net::Address::loopback(1), name.size() % 2 == 1}, name, 200);
    int probes = 0;
    for (auto state = run.run(); state != RemapRun::State::done; state = run.run()) {
        if (state == RemapRun::State::refused) return 0;
        require(++probes <= 200, "probes take steps");
        run.answer(false);
    }
    require(run.name().size() <= most_mapped_name, "a name has a length");
    return 0;
}
