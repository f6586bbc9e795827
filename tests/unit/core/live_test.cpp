#include "core/live.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace wherry {
namespace {

TEST(Live, a_snapshot_stays_as_it_was) {
    Live<std::string> live("first");
    const auto before = live.get();
    live.set("second");
    EXPECT_EQ(*before, "first");
    EXPECT_EQ(*live.get(), "second");
}

TEST(Live, may_be_replaced_while_others_read) {
    Live<std::string> live(std::string(100, 'a'));
    std::thread writer([&] {
        for (int i = 0; i < 1000; ++i) live.set(std::string(100, static_cast<char>('a' + i % 26)));
    });
    for (int i = 0; i < 1000; ++i) {
        const auto now = live.get();
        EXPECT_EQ(now->find_first_not_of((*now)[0]), std::string::npos) << "half of one and half of another";
    }
    writer.join();
}

}  // namespace
}  // namespace wherry
