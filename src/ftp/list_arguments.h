#pragma once
// What clients put behind LIST and NLST: "-la", "-al /dir", "-F -t", or only a path. Pure.
//
// RFC 959 knows no options, but clients send those of ls(1). They are taken off the front, group by group, and the rest
// is the path. A file may as well be called "-l": whoever has `options` and wants to be exact asks first whether
// `whole` exists, and lists that.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wherry::ftp {

struct ListArguments {
    static constexpr std::size_t max_groups = 8;    // of one command; what follows is taken for the path
    static constexpr std::size_t max_letters = 16;  // of one group

    std::string_view whole;  // the argument as it came
    std::string_view path;   // behind the options and one blank; empty: the current directory
    bool options = false;    // there were option groups

    bool all = false;               // -a: with dot files
    bool almost_all = false;        // -A: the same but . and .., which are never listed anyway
    bool long_form = false;         // -l
    bool one_column = false;        // -1
    bool classify = false;          // -F: mark directories "/", links "@", programs "*"
    bool by_time = false;           // -t: newest first
    bool by_size = false;           // -S: largest first
    bool reverse = false;           // -r
    bool recursive = false;         // -R
    bool numeric = false;           // -n: ids instead of names
    bool directory_itself = false;  // -d: the directory, not what is in it
};

// Never fails: what is not an option is a path. A group is a '-' followed by known letters only; those that make no
// difference here (-L, -h, -C ...) are known too. "--" ends the options. The views point into `argument`.
ListArguments parse_list_arguments(std::string_view argument) noexcept;

}  // namespace wherry::ftp
