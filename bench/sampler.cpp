#include "sampler.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wherry::bench {
namespace {

struct Process {
    int pid = 0;
    int parent = 0;
    int session = 0;
    double cpu_seconds = 0;
    double reaped_seconds = 0;  ///< of children that ended and were waited for
};

double clock_tick() { return 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

std::string read_file(const std::string& path) {
    std::string text;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return text;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = ::read(fd, part.data(), part.size())) > 0;) {
        text.append(part.data(), static_cast<std::size_t>(n));
    }
    ::close(fd);
    return text;
}

double number_in(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// The number behind `key` in a file of "key value" lines; 0 when it is not there.
double number_after(std::string_view text, std::string_view key) {
    const auto at = text.find(key);
    return at == std::string_view::npos ? 0 : number_in(text.substr(at + key.size()));
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Every number-named entry of a folder below /proc; processes may go while we look.
std::vector<int> numbers_in(const std::string& folder) {
    std::vector<int> numbers;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (is_number(name)) numbers.push_back(std::atoi(name.c_str()));
    }
    return numbers;
}

/// proc(5): the name may hold anything, so count from its closing bracket.
bool read_stat(int pid, Process& process) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
    const auto bracket = text.rfind(')');
    if (bracket == std::string::npos) return false;
    std::istringstream fields(text.substr(bracket + 2));
    std::string state;
    std::string skipped;
    double user = 0, system = 0, reaped_user = 0, reaped_system = 0;
    process.pid = pid;
    fields >> state >> process.parent >> skipped >> process.session;
    for (int i = 0; i < 7; ++i) fields >> skipped;
    fields >> user >> system >> reaped_user >> reaped_system;
    process.cpu_seconds = (user + system) * clock_tick();
    process.reaped_seconds = (reaped_user + reaped_system) * clock_tick();
    return !fields.fail();
}

/// The ticks of stat are coarse; schedstat counts nanoseconds, but only of threads that still run.
double scheduled_seconds(int pid) {
    const auto tasks = "/proc/" + std::to_string(pid) + "/task";
    double nanoseconds = 0;
    for (const int task : numbers_in(tasks)) {
        nanoseconds += number_in(read_file(tasks + "/" + std::to_string(task) + "/schedstat"));
    }
    return nanoseconds * 1e-9;
}

/// The process `root`, everything in its session, and all descendants of those.
std::vector<Process> family(int root) {
    std::vector<Process> all;
    for (const int pid : numbers_in("/proc")) {
        Process process;
        if (read_stat(pid, process)) all.push_back(process);
    }
    std::unordered_multimap<int, std::size_t> children;
    for (std::size_t i = 0; i < all.size(); ++i) children.emplace(all[i].parent, i);

    std::vector<char> member(all.size(), 0);
    std::vector<std::size_t> found;
    const auto add = [&](std::size_t i) {
        if (std::exchange(member[i], char{1}) == 0) found.push_back(i);
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].pid == root || all[i].session == root) add(i);
    }
    for (std::size_t next = 0; next < found.size(); ++next) {
        const auto [first, last] = children.equal_range(all[found[next]].pid);
        for (auto child = first; child != last; ++child) add(child->second);
    }
    std::vector<Process> members;
    members.reserve(found.size());
    for (const auto i : found) members.push_back(all[i]);
    return members;
}

void add_memory(int pid, Usage& usage) {
    const auto folder = "/proc/" + std::to_string(pid);
    const auto maps = read_file(folder + "/smaps_rollup");
    usage.pss_kib += number_after(maps, "\nPss:");
    usage.private_kib += number_after(maps, "\nPrivate_Clean:") + number_after(maps, "\nPrivate_Dirty:");
    usage.peak_rss_kib += number_after(read_file(folder + "/status"), "\nVmHWM:");
}

}  // namespace

Sampler::Sampler(int pid, std::string cpu_file) : pid_(pid), cpu_file_(std::move(cpu_file)) {}

double Sampler::cgroup_seconds() const {
    const auto text = read_file(cpu_file_);
    return cpu_file_.ends_with("cpu.stat") ? number_after(text, "usage_usec") * 1e-6 : number_in(text) * 1e-9;
}

Usage Sampler::usage(bool with_memory) const {
    Usage usage;
    const bool from_proc = cpu_file_.empty();
    if (!from_proc) usage.cpu_seconds = cgroup_seconds();
    if (pid_ == 0 || (!from_proc && !with_memory)) return usage;
    for (const auto& process : family(pid_)) {
        ++usage.processes;
        if (from_proc) {
            usage.cpu_seconds += std::max(process.cpu_seconds, scheduled_seconds(process.pid)) + process.reaped_seconds;
        }
        if (with_memory) add_memory(process.pid, usage);
    }
    return usage;
}

double machine_cpu_seconds() {
    std::istringstream fields(read_file("/proc/stat"));
    std::string name;
    double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, softirqs = 0, stolen = 0;
    fields >> name >> user >> nice >> system >> idle >> waiting >> interrupts >> softirqs >> stolen;
    return (user + nice + system + interrupts + softirqs + stolen) * clock_tick();
}

double own_cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double available_kib() { return number_after(read_file("/proc/meminfo"), "MemAvailable:"); }

}  // namespace wherry::bench
