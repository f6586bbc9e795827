#pragma once

#include <cstdint>
#include <string>

namespace wherry::bench {

/// What a server with all its processes has used until now.
struct Usage {
    double cpu_seconds = 0;
    std::int64_t processes = 0;
    // Memory, only when asked for. Proportional set size: shared pages are divided among those who share them, so that
    // a sum over processes is true.
    double pss_kib = 0;
    double private_kib = 0;
    double peak_rss_kib = 0;  ///< sum of the processes' high-water marks: pages they share count more than once
};

/// Reads CPU time and memory of a server under test.
///
/// CPU comes from the server's own cgroup when there is one: it includes every child, also those nobody waited for. If
/// not, from /proc: the server, its session and all descendants, each with the children it has reaped.
class Sampler {
public:
    /// `pid` is the server's first process, 0 for none. `cpu_file` is a cgroup's cpuacct.usage (v1) or cpu.stat (v2),
    /// or empty.
    Sampler(int pid, std::string cpu_file);

    Usage usage(bool with_memory) const;

private:
    double cgroup_seconds() const;

    int pid_;
    std::string cpu_file_;
};

/// CPU seconds that all processes of the machine have used until now, and those a hypervisor took from it.
double machine_cpu_seconds();

/// CPU seconds that this process has used until now.
double own_cpu_seconds();

/// What the kernel believes could still be allocated.
double available_kib();

}  // namespace wherry::bench
