#pragma once
// Programs of the operator's that have a say in TFTP: one is asked about requests, one is told of downloads. Each is
// started anew every time, on lanes of its own: however long they take, neither disks nor loops wait for them.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "access/commons.h"
#include "net/lane.h"
#include "service/child_program.h"
#include "service/config.h"
#include "tftp/server.h"
#include "vfs/descriptor.h"
#include "wherry/events.h"

namespace wherry {

class TftpHooks {
public:
    // At the same time, of each.
    static constexpr std::size_t most_programs = 16;
    // How long a request waits for one of these places, and then how long its program may take. Whoever has waited so
    // long is not answered: a client that hears nothing asks again, and an ERROR would end its boot.
    static constexpr std::chrono::milliseconds most_wait{2000};
    static constexpr std::chrono::milliseconds most_time{2000};
    // Of programs that are told of downloads, for which nobody waits; those that wait to be started, and those beyond
    // are dropped.
    static constexpr std::chrono::milliseconds most_time_after{10'000};
    static constexpr std::size_t most_waiting = 1024;

    // `commons` must outlive it.
    TftpHooks(TftpHookConfig config, Commons& commons);
    TftpHooks(const TftpHooks&) = delete;
    TftpHooks& operator=(const TftpHooks&) = delete;

    // Before either starts; both refer to this afterwards.
    void add_to(tftp::Server& server, EventBus& events);
    // Kills what runs, and starts nothing any more. From any thread; Commons::outstanding tells when all has ended.
    void stop();

private:
    TftpAnswer ask(const TftpRequest& request);
    void tell(const event::TftpDone& done);
    void run_after(const std::vector<std::string>& command);
    void log_complaints(const std::string& program, const std::string& text);

    const TftpHookConfig config_;
    Commons& commons_;
    const vfs::Descriptor stop_;  // an eventfd
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> waiting_{0};  // programs after downloads, also those that run
    std::size_t dropped_ = 0;              // of these, since the last one that was not; on the thread of events
    net::Lane asking_;
    net::Lane telling_;
};

// What keeps the programs from being started, and what makes it unwise; to be read behind nothing.
std::vector<std::string> hook_errors(const TftpConfig& config);
std::vector<std::string> hook_warnings(const TftpConfig& config);

}  // namespace wherry
