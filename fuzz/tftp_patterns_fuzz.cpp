// Other names for files that are not there. Input: the patterns, a NUL, the name.
#include <string>

#include "fuzz.h"
#include "tftp/patterns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wherry::tftp;
    using wherry::fuzz::require;
    wherry::fuzz::Input input(data, std::min<std::size_t>(size, 2048));
    const std::string text(input.until('\0'));
    const std::string name(input.rest());
    const auto parsed = Patterns::parse(text);
    require((parsed.patterns != nullptr) == parsed.errors.empty(), "patterns or mistakes");
    if (!parsed.patterns) return 0;
    const auto other = parsed.patterns->other_name(name);
    require(!other || other->size() <= most_mapped_name, "a name has a length");
    require(other == parsed.patterns->other_name(name), "the same name again");
    return 0;
}
