#pragma once
// A bar that shows how far a transfer is, on standard error if that is a terminal, else nothing.
#include <chrono>
#include <cstdint>
#include <string>

namespace wherry::app {

class Progress {
public:
    Progress(std::string name, bool wanted);
    ~Progress();  // ends the line
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void at(std::uint64_t done, std::uint64_t total);

private:
    void draw(std::uint64_t done, std::uint64_t total);
    const std::string name_;
    const bool shown_;
    bool begun_ = false;
    std::uint64_t first_ = 0;  // what was there at the beginning
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point drawn_;
};

// "12.3 MiB"
std::string human_size(double bytes);

}  // namespace wherry::app
