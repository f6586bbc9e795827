// What stands behind LIST and NLST.
#include "ftp/list_arguments.h"

#include "core/text.h"
#include "fuzz.h"

using wherry::ftp::ListArguments;
using wherry::fuzz::require;

namespace {

bool any_flag(const ListArguments& list) {
    return list.all || list.almost_all || list.long_form || list.one_column || list.classify || list.by_time ||
           list.by_size || list.reverse || list.recursive || list.numeric || list.directory_itself;
}

// What was taken for options is groups with one blank behind each; the last one may stand at the end.
void check_options(std::string_view options) {
    std::size_t groups = 0;
    while (!options.empty()) {
        const std::string_view group = options.substr(0, options.find(' '));
        require(group.size() >= 2 && group[0] == '-', "an option begins with a minus");
        require(group.size() - 1 <= ListArguments::max_letters, "a group is short");
        const std::string_view letters = group.substr(1);
        const bool plain =
            std::all_of(letters.begin(), letters.end(), [](char c) { return wherry::is_letter(c) || c == '1'; });
        require(plain || letters == "-", "a group is letters");
        options.remove_prefix(std::min(group.size() + 1, options.size()));
        require(letters != "-" || options.empty(), "-- ends the options");
        ++groups;
    }
    require(groups <= ListArguments::max_groups, "there are few groups");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view argument = wherry::fuzz::text_of(data, size);
    const ListArguments list = wherry::ftp::parse_list_arguments(argument);
    require(list.whole == argument, "whole is the argument as it came");
    require(argument.ends_with(list.path), "the path ends the argument");
    if (!list.options) require(list.path == argument && !any_flag(list), "without options all is path");
    check_options(argument.substr(0, argument.size() - list.path.size()));
    const ListArguments again = wherry::ftp::parse_list_arguments(list.path);
    require(again.options || !any_flag(again), "letters come from options");
    return 0;
}
