#include "service/child_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/text.h"
#include "vfs/descriptor.h"

namespace wherry {
namespace {

using vfs::Descriptor;

constexpr std::size_t piece = 16384;
// After the end of a program: whoever has left its group can write for ever.
constexpr int most_pieces_after = 128;

struct Pipe {
    Descriptor reads;
    Descriptor writes;
};

// Above the standard three, which the child gets: a server may have been started without some of them.
Descriptor out_of_the_way(int number) {
    if (number > 2) return Descriptor(number);
    const Descriptor low(number);
    return Descriptor(::fcntl(number, F_DUPFD_CLOEXEC, 3));
}

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "making", "a pipe");
    Pipe pipe{out_of_the_way(ends[0]), out_of_the_way(ends[1])};
    if (!pipe.reads || !pipe.writes) return fail_errno(errno, "making", "a pipe");
    return pipe;
}

bool never_waits(const Descriptor& end) { return ::fcntl(end.get(), F_SETFL, O_NONBLOCK) == 0; }

// The whole input at once: then nobody has to write while it runs, to a program that may not read.
Result<Descriptor> pipe_with(const std::string& input) {
    auto pipe = make_pipe();
    if (!pipe) return std::unexpected(std::move(pipe.error()));
    if (!never_waits(pipe->writes)) return fail_errno(errno, "writing to", "a pipe");
    const auto wrote = ::write(pipe->writes.get(), input.data(), input.size());
    if (wrote < 0 || static_cast<std::size_t>(wrote) < input.size()) {
        return fail(Code::io, fmt::format("the {} bytes of its input do not fit into a pipe", input.size()));
    }
    return std::move(pipe->reads);
}

class Spawning {
public:
    Spawning() {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        sigset_t all;
        sigset_t none;
        sigfillset(&all);
        sigemptyset(&none);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setsigmask(&attributes_, &none);
    }
    ~Spawning() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    Spawning(const Spawning&) = delete;
    Spawning& operator=(const Spawning&) = delete;

    // `number`: of the standard three; without an end nothing is read there, and what is written goes nowhere.
    void give(const Descriptor& end, int number) {
        if (end) {
            failed(posix_spawn_file_actions_adddup2(&actions_, end.get(), number));
        } else {
            failed(posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDWR, 0));
        }
    }
    Result<pid_t> start(const std::vector<std::string>& command) {
        failed(posix_spawn_file_actions_addclosefrom_np(&actions_, 3));
        failed(posix_spawn_file_actions_addchdir_np(&actions_, "/"));
        std::vector<char*> arguments;
        for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
        arguments.push_back(nullptr);
        std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        std::string language = "LANG=C.UTF-8";
        std::array<char*, 3> environment{path.data(), language.data(), nullptr};
        pid_t pid = 0;
        if (error_ == 0) {
            failed(posix_spawn(&pid, arguments[0], &actions_, &attributes_, arguments.data(), environment.data()));
        }
        if (error_ != 0) return fail_errno(error_, "starting", for_log(command.front()));
        return pid;
    }

private:
    void failed(int error) {
        if (error_ == 0) error_ = error;
    }
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
    int error_ = 0;
};

// Both belong to a thread, and pass on to the processes that it starts. The service unit gives the server the right to
// low ports as an ambient capability, which a program would have too.
void give_up_rights() {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

// What comes out of one end, up to a limit.
struct Sink {
    Descriptor end;
    std::size_t most = 0;
    std::string text{};
    bool over = false;

    // Reads a piece. False: there is nothing (more) now.
    bool take() {
        if (!end) return false;
        std::array<char, piece> buffer{};
        const auto got = ::read(end.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) return true;
        if (got < 0 && errno == EAGAIN) return false;
        if (got <= 0) {
            const Descriptor closed = std::move(end);
            return false;
        }
        const auto count = static_cast<std::size_t>(got);
        over = over || count > most - text.size();
        text.append(buffer.data(), std::min(count, most - text.size()));
        return true;
    }
};

Result<void> well_ended(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFEXITED(status)) return fail(Code::io, fmt::format("it has ended with status {}", WEXITSTATUS(status)));
    return fail(Code::io,
                fmt::format("it was ended by signal {} ({})", WTERMSIG(status),
                            ::sigdescr_np(WTERMSIG(status)) == nullptr ? "unknown" : ::sigdescr_np(WTERMSIG(status))));
}

// A program that runs, from its start to its one end.
class Running {
public:
    Running(pid_t pid, Sink output, Sink complaints)
        : pid_(pid),
          ended_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
          output_(std::move(output)),
          complaints_(std::move(complaints)) {}

    // Until it has ended by itself. The error: it did not, or not in time.
    Result<void> wait(const ChildProgram& program, const Clock& clock, int stop) {
        if (!ended_) return fail_errno(errno, "watching", for_log(program.command.front()));
        const auto late = clock.now() + program.time;
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(late - clock.now());
            if (left.count() <= 0) {
                return fail(Code::timeout, fmt::format("it has not ended within {} ms", program.time.count()));
            }
            std::array<pollfd, 4> watched{{{output_.end ? output_.end.get() : -1, POLLIN, 0},
                                           {complaints_.end ? complaints_.end.get() : -1, POLLIN, 0},
                                           {ended_.get(), POLLIN, 0},
                                           {stop, POLLIN, 0}}};
            const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
            if (ready < 0 && errno != EINTR) return fail_errno(errno, "waiting for", for_log(program.command.front()));
            if (ready <= 0) continue;
            if (watched[3].revents != 0) return fail(Code::killed, "the server ends");
            if (watched[0].revents != 0) output_.take();
            if (watched[1].revents != 0) complaints_.take();
            if (output_.over) return fail(Code::io, fmt::format("it has written more than {} bytes", output_.most));
            if (watched[2].revents != 0) return {};
        }
    }

    // Kills what is left of its group, while its number still is its own, and takes what it has written.
    ChildEnd end(Result<void> how) {
        ::kill(-pid_, SIGKILL);
        int status = 0;
        pid_t reaped = 0;
        do {
            reaped = ::waitpid(pid_, &status, 0);
        } while (reaped < 0 && errno == EINTR);
        for (int i = 0; i < most_pieces_after && complaints_.take(); ++i) continue;
        for (int i = 0; i < most_pieces_after && how && output_.take(); ++i) continue;
        // Nobody knows the status where the process that we are in has another one reap its children.
        if (how && reaped == pid_) how = well_ended(status);
        if (how && output_.over) how = fail(Code::io, fmt::format("it has written more than {} bytes", output_.most));
        ChildEnd out{std::move(output_.text), std::move(complaints_.text)};
        if (!how) out.output = std::unexpected(std::move(how.error()));
        return out;
    }

private:
    pid_t pid_;
    Descriptor ended_;
    Sink output_;
    Sink complaints_;
};

}  // namespace

ChildEnd run_program(const ChildProgram& program, const Clock& clock, int stop) {
    give_up_rights();
    const auto not_started = [](Error error) { return ChildEnd{std::unexpected(std::move(error)), {}}; };
    if (pollfd ending{stop, POLLIN, 0}; ::poll(&ending, 1, 0) > 0) {
        return not_started({Code::killed, 0, "the server ends"});
    }
    Result<Descriptor> input;
    Result<Pipe> output;
    if (!program.input.empty()) input = pipe_with(program.input);
    if (!input) return not_started(std::move(input.error()));
    if (program.most_output != 0) output = make_pipe();
    if (!output) return not_started(std::move(output.error()));
    auto complaints = make_pipe();
    if (!complaints) return not_started(std::move(complaints.error()));
    Spawning spawning;
    spawning.give(*input, STDIN_FILENO);
    spawning.give(output->writes, STDOUT_FILENO);
    spawning.give(complaints->writes, STDERR_FILENO);
    const auto pid = spawning.start(program.command);
    if (!pid) return not_started(pid.error());
    for (Descriptor* const given : {&*input, &output->writes, &complaints->writes}) {
        const Descriptor closed = std::move(*given);
    }
    Running running(*pid, {std::move(output->reads), program.most_output},
                    {std::move(complaints->reads), most_complaints});
    return running.end(running.wait(program, clock, stop));
}

Result<void> can_run(const std::vector<std::string>& command) {
    const std::string& path = command.front();
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) return fail_errno(errno, "looking at", for_log(path));
    if (!S_ISREG(about.st_mode)) return fail(Code::not_regular, for_log(path) + " is no file");
    if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) {
        return fail_errno(errno, "starting", for_log(path));
    }
    return {};
}

}  // namespace wherry
