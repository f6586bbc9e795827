#include "service/duration.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsReadInEveryUnit) {
    EXPECT_EQ(parse_duration("0"), 0ms);
    EXPECT_EQ(parse_duration("300"), 300s);
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("90s"), 90s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("7d"), 168h);
    EXPECT_EQ(parse_duration("1h30m"), 90min);
    EXPECT_EQ(parse_duration("1d2h3m4s5ms"), 26h + 3min + 4s + 5ms);
    EXPECT_EQ(parse_duration("36525d"), 36525 * 24h);
}

TEST(Duration, RefusesWhatIsNone) {
    for (const char* text :
         {"",           "s",        "5x", "5 m", " 5m", "5m ",   "-5s",  "+5s",    "1.5h",
          "5mm",        "5M",       "5S", "m5",  "1h2", "30m1h", "1h1h", "36526d", "99999999999999999999",
          "3155760001", "36525d1ms"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(Duration, IsShownInOneUnitThatReadsBack) {
    EXPECT_EQ(print_duration(0ms), "0s");
    EXPECT_EQ(print_duration(1500ms), "1500ms");
    EXPECT_EQ(print_duration(90s), "90s");
    EXPECT_EQ(print_duration(300s), "5m");
    EXPECT_EQ(print_duration(3600s), "1h");
    EXPECT_EQ(print_duration(48h), "2d");
    for (const auto span : {1ms, 999ms, 60'000ms, 61'000ms, 86'400'000ms, 86'400'001ms}) {
        EXPECT_EQ(parse_duration(print_duration(span)), span);
    }
}

}  // namespace
}  // namespace wherry
