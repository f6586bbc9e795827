#include "tftp/name_regex.h"

#include <re2/re2.h>

#include <utility>

namespace wherry::tftp {

Result<NameRegex> NameRegex::parse(std::string text) {
    if (text.size() > longest) return fail(Code::invalid, "is longer than " + std::to_string(longest) + " bytes");
    NameRegex out;
    if (text.empty()) return out;
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_never_capture(true);
    options.set_max_mem(std::int64_t{1} << 20U);
    auto compiled = std::make_shared<const RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!compiled->ok()) {
        return fail(Code::invalid, "is not a regular expression that can be used: " + compiled->error());
    }
    out.text_ = std::move(text);
    out.compiled_ = std::move(compiled);
    return out;
}

bool NameRegex::is_in(std::string_view name) const {
    return !compiled_ || RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *compiled_);
}

}  // namespace wherry::tftp
