#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace wherry::app {
namespace {

constexpr std::size_t width = 30;
constexpr std::chrono::milliseconds drawn_every{100};

}  // namespace

std::string human_size(double bytes) {
    constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

Progress::Progress(std::string name, bool wanted)
    : name_(std::move(name)),
      shown_(wanted && isatty(STDERR_FILENO) == 1),
      started_(std::chrono::steady_clock::now()),
      drawn_(started_) {}

Progress::~Progress() {
    if (shown_ && begun_) std::fputc('\n', stderr);
}

void Progress::at(std::uint64_t done, std::uint64_t total) {
    if (!shown_) return;
    if (!std::exchange(begun_, true)) first_ = done;
    const auto now = std::chrono::steady_clock::now();
    if (now - drawn_ < drawn_every && done != total) return;
    drawn_ = now;
    draw(done, total);
}

void Progress::draw(std::uint64_t done, std::uint64_t total) {
    const double part = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
    const double seconds = std::chrono::duration<double>(drawn_ - started_).count();
    const double rate = seconds > 0 ? static_cast<double>(done - first_) / seconds : 0;
    const std::string line =
        fmt::format("\r{} [{}{}] {:3.0f}% {} {}/s  ", name_, std::string(filled, '#'), std::string(width - filled, '.'),
                    part * 100, human_size(static_cast<double>(done)), human_size(rate));
    std::fputs(line.c_str(), stderr);
}

}  // namespace wherry::app
