#pragma once

#include <sys/stat.h>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace wherry::bench {

/// A folder's entries as the lines of LIST ('L'), NLST ('N') or MLSD ('M'), in the order the kernel has them.
class BareListing {
public:
    /// Takes `folder` over; negative: not open.
    BareListing(int folder, char kind);
    BareListing(const BareListing&) = delete;
    BareListing& operator=(const BareListing&) = delete;
    ~BareListing();

    bool is_open() const { return folder_ >= 0; }

    /// Some 64 KiB of lines, valid until the next call; empty when there are no more.
    std::string_view next();

private:
    bool refill();
    void add(const char* name);
    void add_facts(const char* name);

    int folder_;
    char kind_;
    std::vector<char> entries_;  ///< as getdents64 gave them
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::string lines_;
    std::time_t broken_down_ = -1;  ///< the time that time_ stands for: neighbours often have the same
    std::tm time_{};
};

}  // namespace wherry::bench
