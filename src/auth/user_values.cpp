#include "auth/user_values.h"

#include <algorithm>

#include "core/text.h"

namespace wherry {

void read_flag(const KeyValue& value, bool& into) {
    if (const auto flag = value.flag()) into = *flag;
}

void read_letters(const KeyValue& value, Perm& into) {
    const auto text = value.text();
    if (!text) return;
    const auto letters = Perm::parse(*text);
    if (letters)
        into = *letters;
    else
        value.problem("may hold letters only, those of \"elradfmwMT\" and your own");
}

// A place in the user's tree.
bool read_path(const KeyValue& value, Path& into) {
    const auto text = value.text();
    if (!text) return false;
    const auto path = Path::resolve(*text);
    const bool valid = text->starts_with('/') && path;
    if (valid)
        into = *path;
    else
        value.problem("must be a path as the user sees it, beginning with \"/\"");
    return valid;
}

// A folder of this machine. Whether it is there is seen when it is opened.
void read_folder(const KeyValue& value, std::string& into) {
    const auto text = value.text();
    if (!text) return;
    if (text->starts_with('/') && !text->contains('\0'))
        into = *text;
    else
        value.problem("must be the full path of a folder of this machine, beginning with \"/\"");
}

// Text for replies. Line ends are the protocol's to write, so a CR of the file's own line ends is dropped.
void read_message(const KeyValue& value, std::string& into) {
    auto text = value.text();
    if (!text) return;
    for (std::size_t at = 0; (at = text->find("\r\n", at)) != std::string::npos;) text->erase(at, 1);
    const auto bad = [](char c) { return is_control(c) && c != '\n' && c != '\t'; };
    if (std::none_of(text->begin(), text->end(), bad))
        into = std::move(*text);
    else
        value.problem("holds control characters; leave them out");
}

void read_patterns(const KeyValue& value, std::vector<std::string>& into) {
    auto list = value.list();
    if (!list) return;
    const auto wrong = [](const std::string& pattern) {
        const bool path = pattern.contains('/');
        return pattern.empty() || has_control(pattern) || (path && !pattern.starts_with('/')) || pattern.ends_with('/');
    };
    if (std::ranges::any_of(*list, wrong))
        value.problem("must hold patterns of names, like \"*.tmp\", or of whole paths, like \"/private/*\"");
    else
        into = std::move(*list);
}

bool is_unlimited(const KeyValue& value) {
    const auto text = value.node().value_exact<std::string>();
    return text && *text == "unlimited";
}

void read_number(const KeyValue& value, std::uint32_t& into) {
    if (is_unlimited(value))
        into = UserLimits::any_number;
    else if (const auto count = value.count(most_u32 - 1))
        into = static_cast<std::uint32_t>(*count);
}

void read_rate(const KeyValue& value, std::uint64_t& into) {
    if (is_unlimited(value))
        into = UserLimits::any_rate;
    else if (const auto rate = value.rate())
        into = *rate;
}

void read_span(const KeyValue& value, std::chrono::seconds& into) {
    if (is_unlimited(value))
        into = UserLimits::any_time;
    else if (const auto seconds = value.count(most_u32))
        into = std::chrono::seconds(*seconds);
}

std::uint32_t read_count(const KeyValue& value) {
    return static_cast<std::uint32_t>(value.count(most_u32).value_or(0));
}

}  // namespace wherry
