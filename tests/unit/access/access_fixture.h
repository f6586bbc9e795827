#pragma once
// What the tests of workspace, transfer and login share: the commons of a whole server that is turned by hand, a user
// on a filesystem that fails when it is told to, and the events that were published.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "access/workspace.h"
#include "support/coroutines.h"
#include "testing/faulty_fs.h"
#include "testing/harness.h"

namespace wherry::testing {

inline Path at(std::string_view text) { return Path::resolve(text).value(); }

class AccessTest : public ::testing::Test {
protected:
    AccessTest() {
        user.name = "alice";
        user.filesystem = faulty;
        user.permissions = perm::all;
    }
    // With what the test has set in `harness` and `user` by now.
    Workspace& workspace() {
        if (!workspace_) {
            harness.commons();
            workspace_ = std::make_unique<Workspace>(harness.commons(), harness.loop(), std::make_shared<User>(user),
                                                     SessionInfo{7, "ftp", "198.51.100.7", 40000, "alice"});
        }
        return *workspace_;
    }
    // Runs `task` to its end, without time passing.
    template <class T>
    T run(net::Task<T> task) {
        std::optional<T> result;
        net::Scope scope(harness.loop());
        scope.start(keep_result(std::move(task), result));
        harness.run();
        EXPECT_TRUE(scope.empty());
        return std::move(*result);
    }
    template <class Kind>
    std::vector<Kind> told() {
        std::vector<Kind> found;
        for (const Event& event : harness.events()) {
            if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
        }
        return found;
    }
    std::int64_t metric(Metric which) { return harness.metrics().value(which); }
    // Both ends of a connection to the client.
    std::pair<ConnectionPtr, net::StreamPtr> connection() {
        harness.commons();
        return MemoryNetwork::pair(harness.loop(), net::Address::parse_ip("198.51.100.7", 40001).value(),
                                   net::Address::parse_ip("192.0.2.1", 50000).value(), net::Watch::Class::bulk);
    }

    Harness harness;
    std::shared_ptr<FaultyFilesystem> faulty = std::make_shared<FaultyFilesystem>(harness.files);
    User user;

private:
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace wherry::testing
