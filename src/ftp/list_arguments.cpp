#include "ftp/list_arguments.h"

#include <algorithm>

namespace wherry::ftp {

namespace {

// Letters of ls(1) that only change what our listings always or never do.
constexpr std::string_view without_effect = "CGHLNTcfghikopqsuxU";

// False if the letter is none of ls(1) that we know.
bool apply(ListArguments& to, char letter) {
    switch (letter) {
        case 'a': to.all = true; return true;
        case 'A': to.almost_all = true; return true;
        case 'l': to.long_form = true; return true;
        case '1': to.one_column = true; return true;
        case 'F': to.classify = true; return true;
        case 't': to.by_time = true; return true;
        case 'S': to.by_size = true; return true;
        case 'r': to.reverse = true; return true;
        case 'R': to.recursive = true; return true;
        case 'n': to.numeric = true; return true;
        case 'd': to.directory_itself = true; return true;
        default: return without_effect.contains(letter);
    }
}

bool is_group(std::string_view token) {
    if (token.size() < 2 || token[0] != '-' || token.size() - 1 > ListArguments::max_letters) return false;
    ListArguments ignored;
    return std::ranges::all_of(token.substr(1), [&ignored](char letter) { return apply(ignored, letter); });
}

}  // namespace

ListArguments parse_list_arguments(std::string_view argument) noexcept {
    ListArguments result;
    result.whole = argument;
    for (std::size_t groups = 0; groups < ListArguments::max_groups; ++groups) {
        const std::string_view token = argument.substr(0, argument.find(' '));
        const bool end_of_options = token == "--";
        if (!end_of_options && !is_group(token)) break;
        result.options = true;
        for (const char letter : token.substr(1)) {
            if (!end_of_options) apply(result, letter);
        }
        argument.remove_prefix(std::min(token.size() + 1, argument.size()));
        if (end_of_options) break;
    }
    result.path = argument;
    return result;
}

}  // namespace wherry::ftp
