// Which version of the program it is, helps attackers alone.
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

TEST(Version, IsToldToNobody) {
    Harness harness;
    harness.add_user("alice", "x");
    const auto client = harness.connect();
    const std::regex version("[0-9]+\\.[0-9]+");
    EXPECT_FALSE(std::regex_search(client->reply().value_or("1.0"), version)) << client->last();
    for (const std::string command : {"CSID Name=x; Version=;", "SYST", "HELP", "SITE HELP", "FEAT", "USER alice",
                                      "PASS x", "STAT", "SYST", "HELP", "SITE HELP", "FEAT", "QUIT"}) {
        EXPECT_GT(client->ask(command), 0) << command;
        // STAT tells the client its own address.
        std::string said = std::regex_replace(client->last(), std::regex("198\\.51\\.100\\.7"), "");
        EXPECT_FALSE(std::regex_search(said, version)) << said;
    }
}

}  // namespace
}  // namespace wherry::testing
