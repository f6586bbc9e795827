#include "ftp/owner_lookup.h"

#include <grp.h>
#include <pwd.h>

#include <array>

namespace wherry::ftp {
namespace {

constexpr std::size_t record_size = 16 * 1024;  // a group with more members than fit is shown by its number

}  // namespace

std::string user_name(std::uint32_t id) {
    std::array<char, record_size> buffer;
    passwd record{};
    passwd* found = nullptr;
    if (getpwuid_r(id, &record, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
    return found->pw_name;
}

std::string group_name(std::uint32_t id) {
    std::array<char, record_size> buffer;
    group record{};
    group* found = nullptr;
    if (getgrgid_r(id, &record, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
    return found->gr_name;
}

}  // namespace wherry::ftp
