// The argument of OPTS MLST.
#include "ftp/facts.h"

#include <string>

#include "core/text.h"
#include "fuzz.h"

using wherry::ftp::Fact;
using wherry::ftp::Facts;
using wherry::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = wherry::fuzz::text_of(data, size);
    const Facts facts = Facts::parse(text);
    require(Facts::parse(facts.text()) == facts, "what the reply says is what was understood");
    require(Facts::parse(wherry::upper(text)) == facts, "case does not count");
    require(Facts::parse(std::string(text) + ";no.such.fact;") == facts, "unknown facts are left out");

    std::size_t known = 0;
    for (unsigned i = 0; i < 8; ++i) known += facts.has(static_cast<Fact>(i)) ? 1 : 0;
    const std::string feature = facts.feature_text();
    require(static_cast<std::size_t>(std::count(feature.begin(), feature.end(), '*')) == known, "a star for each fact");
    require(facts.empty() == (known == 0), "empty means none");

    // Each half by itself gives the same as both together, wherever a ';' parts them.
    const std::size_t middle = text.find(';', size / 2);
    if (middle != std::string_view::npos) {
        Facts both = Facts::parse(text.substr(0, middle));
        const Facts second = Facts::parse(text.substr(middle + 1));
        for (unsigned i = 0; i < 8; ++i) {
            if (second.has(static_cast<Fact>(i))) both = both.with(static_cast<Fact>(i));
        }
        require(both == facts, "facts are a set");
    }
    return 0;
}
