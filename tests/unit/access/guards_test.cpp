#include "access/guards.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace wherry {
namespace {

action::Upload upload(const std::string& path) { return {.session = {}, .path = *Path::resolve(path)}; }

TEST(Guards, NobodyToAskMeansYes) {
    const Guards guards;
    EXPECT_FALSE(guards.watch<action::Upload>());
    EXPECT_TRUE(guards.ask(upload("/a")));
}

TEST(Guards, OnlyThoseOfTheKindAreAsked) {
    Guards guards;
    guards.add<action::Rename>([](const action::Rename&) { return Verdict::refuse("no renames"); });
    EXPECT_TRUE(guards.watch<action::Rename>());
    EXPECT_FALSE(guards.watch<action::Upload>());
    EXPECT_TRUE(guards.ask(upload("/a")));
    EXPECT_FALSE(guards.ask(action::Rename{}));
}

TEST(Guards, TheFirstRefusalIsTheAnswerAndNobodyElseIsAsked) {
    Guards guards;
    std::string asked;
    guards.add<action::Upload>([&](const action::Upload& action) {
        asked += "1:" + action.path.string() + " ";
        return Verdict::allow();
    });
    guards.add<action::Upload>([&](const action::Upload&) {
        asked += "2 ";
        return Verdict::refuse("no .exe");
    });
    guards.add<action::Upload>([&](const action::Upload&) {
        asked += "3 ";
        return Verdict::refuse("never");
    });
    const auto answer = guards.ask(upload("/a.exe"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::denied);
    EXPECT_EQ(answer.error().message, "no .exe");
    EXPECT_EQ(asked, "1:/a.exe 2 ");
}

TEST(Guards, AllMustAgree) {
    Guards guards;
    int asked = 0;
    for (int i = 0; i < 3; ++i) {
        guards.add<action::Upload>([&](const action::Upload&) {
            ++asked;
            return Verdict::allow();
        });
    }
    EXPECT_TRUE(guards.ask(upload("/a")));
    EXPECT_EQ(asked, 3);
}

TEST(Guards, OneThatThrowsRefuses) {
    Guards guards;
    guards.add<action::Upload>([](const action::Upload& action) -> Verdict {
        if (action.path.name() == "odd") throw 7;
        throw std::runtime_error("database down");
    });
    const auto answer = guards.ask(upload("/a"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::internal);
    EXPECT_EQ(answer.error().message, "a guard threw: database down");
    const auto odd = guards.ask(upload("/odd"));
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error().code, Code::internal);
}

TEST(Guards, AnEmptyFunctionRefusesToo) {
    Guards guards;
    guards.add<action::Upload>({});
    const auto answer = guards.ask(upload("/a"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::internal);
}

}  // namespace
}  // namespace wherry
