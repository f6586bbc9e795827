#include "service/child_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "support/temp_folder.h"
#include "vfs/descriptor.h"

namespace wherry {
namespace {

using testing::TempFolder;

class RunProgram : public ::testing::Test {
protected:
    // In a thread of its own, as on a lane: it gives up rights.
    ChildEnd run(ChildProgram program) {
        ChildEnd end;
        std::thread([&] { end = run_program(program, clock, stop.get()); }).join();
        return end;
    }
    ChildEnd shell(std::string script, std::string input = {}, std::chrono::milliseconds time = std::chrono::minutes(1),
                   std::size_t most = 65536) {
        return run({{"/bin/sh", "-c", std::move(script), "sh", "two words"}, std::move(input), time, most});
    }
    std::string output(std::string script, std::string input = {}) {
        auto end = shell(std::move(script), std::move(input));
        return end.output ? *end.output : "failed: " + end.output.error().message;
    }
    const SteadyClock clock;
    const vfs::Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
};

TEST_F(RunProgram, has_its_input_and_its_arguments) {
    EXPECT_EQ(output("cat; echo \"$1\"", "asked\n"), "asked\ntwo words\n");
    EXPECT_EQ(output("cat"), "");
    EXPECT_EQ(output("echo unread", std::string(20000, 'x')), "unread\n");
}

TEST_F(RunProgram, has_nothing_of_ours) {
    ::setenv("WHERRY_TEST_SECRET", "secret", 1);
    const int shared = ::open("/dev/null", O_RDONLY);  // not closed by exec
    EXPECT_EQ(output("echo \"$WHERRY_TEST_SECRET\"; pwd; ls /proc/self/fd | tr '\\n' ' '"), "\n/\n0 1 2 3 ");
    ::close(shared);
    ::unsetenv("WHERRY_TEST_SECRET");
    EXPECT_EQ(output("grep -E '^(NoNewPrivs|CapAmb):' /proc/self/status | tr -d '\\t0'"), "CapAmb:\nNoNewPrivs:1\n");
    const auto* const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    EXPECT_EQ(run({{"/usr/bin/env"}, {}, std::chrono::minutes(1), 4096}).output.value(),
              "PATH=" + std::string(path) + "\nLANG=C.UTF-8\n");
}

// The threads of a server take no signals, and what they start would not either.
TEST_F(RunProgram, takes_signals_as_any_program_does) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    const auto handler = ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(output("kill -PIPE $$; echo it lives"), "failed: it was ended by signal 13 (Broken pipe)");
    ::signal(SIGPIPE, handler);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(RunProgram, that_fails_says_how) {
    const auto failed = shell("echo half; echo oh >&2; exit 3");
    ASSERT_FALSE(failed.output);
    EXPECT_EQ(failed.output.error().code, Code::io);
    EXPECT_EQ(failed.output.error().message, "it has ended with status 3");
    EXPECT_EQ(failed.complaints, "oh\n");
    EXPECT_EQ(output("kill -SEGV $$"), "failed: it was ended by signal 11 (Segmentation fault)");
    const auto none = run({{"/nowhere/at all"}, "input", std::chrono::minutes(1), 1});
    EXPECT_EQ(none.output.error().code, Code::not_found);
}

// A FIFO that is open for writing as long as somebody of a program lives.
class Alive {
public:
    Alive() {
        ::mkfifo(path.c_str(), 0600);
        end_ = vfs::Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    }
    // Waits until somebody has written a line, and until nobody lives.
    bool begins() {
        char line = 0;
        return wait() == POLLIN && ::read(end_.get(), &line, 1) == 1;
    }
    bool ends() { return wait() == POLLHUP; }
    const TempFolder folder;
    const std::string path = folder.path("fifo");

private:
    short wait() {
        pollfd watched{end_.get(), POLLIN, 0};
        constexpr int most = 60'000;
        return ::poll(&watched, 1, most) == 1 ? watched.revents : short{0};
    }
    vfs::Descriptor end_;
};

TEST_F(RunProgram, that_takes_too_long_is_killed_with_what_it_started) {
    Alive alive;
    const auto late = shell("exec 9>" + alive.path + "; sleep 1000 & wait", {}, std::chrono::milliseconds(300));
    ASSERT_FALSE(late.output);
    EXPECT_EQ(late.output.error().code, Code::timeout);
    EXPECT_EQ(late.output.error().message, "it has not ended within 300 ms");
    EXPECT_TRUE(alive.ends());
}

TEST_F(RunProgram, that_ends_takes_what_it_started_along) {
    Alive alive;
    EXPECT_EQ(output("exec 9>" + alive.path + "; sleep 1000 & echo ready"), "ready\n");
    EXPECT_TRUE(alive.ends());
}

TEST_F(RunProgram, that_writes_too_much_is_ended) {
    EXPECT_EQ(shell("head -c 1000 /dev/zero", {}, std::chrono::minutes(1), 1000).output.value().size(), 1000U);
    const auto more = shell("head -c 1001 /dev/zero", {}, std::chrono::minutes(1), 1000);
    EXPECT_EQ(more.output.error().message, "it has written more than 1000 bytes");
    EXPECT_EQ(shell("cat /dev/zero", {}, std::chrono::minutes(1), 300'000).output.error().code, Code::io);
    const auto unread =
        shell("echo into the void; head -c 100000 /dev/zero | tr '\\0' e >&2", {}, std::chrono::minutes(1), 0);
    EXPECT_EQ(unread.output.value(), "");
    EXPECT_EQ(unread.complaints, std::string(most_complaints, 'e'));
}

TEST_F(RunProgram, is_killed_when_the_server_ends) {
    Alive alive;
    ChildEnd end;
    std::thread running([&] {
        end = run_program(
            {{"/bin/sh", "-c", "exec 9>" + alive.path + "; echo >&9; sleep 1000"}, {}, std::chrono::minutes(1), 1},
            clock, stop.get());
    });
    EXPECT_TRUE(alive.begins());
    ::eventfd_write(stop.get(), 1);
    running.join();
    EXPECT_EQ(end.output.error().code, Code::killed);
    EXPECT_TRUE(alive.ends());
    EXPECT_EQ(shell("exit 0").output.error().code, Code::killed);  // not started
}

TEST(CanRun, says_what_is_wrong) {
    const TempFolder folder;
    const std::string file = folder.path() + "/program";
    EXPECT_TRUE(can_run({"/bin/sh", "-c"}));
    EXPECT_EQ(can_run({file}).error().code, Code::not_found);
    folder.write("program", "#!/bin/sh\n");
    EXPECT_EQ(can_run({file}).error().code, Code::denied);
    EXPECT_EQ(can_run({folder.path()}).error().code, Code::not_regular);
}

}  // namespace
}  // namespace wherry
