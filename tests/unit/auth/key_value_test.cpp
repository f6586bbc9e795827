#include "auth/key_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace wherry {
namespace {

using ::testing::HasSubstr;

// One file "v = <value>", and what was complained of.
class Value {
public:
    explicit Value(const std::string& toml) : parsed_(toml::parse("\nv = " + toml)) {}
    KeyValue operator()() { return {*parsed_.table().get("v"), "users.alice.v", problems_}; }
    std::string complaint() const { return problems_.text(); }

private:
    toml::parse_result parsed_;
    Problems problems_{"users.toml"};
};

TEST(KeyValue, ComplaintNamesFileLineAndKey) {
    Value value("1");
    value().problem("is odd; make it even");
    EXPECT_EQ(value.complaint(), "users.toml:2: users.alice.v: is odd; make it even");
}

TEST(KeyValue, TextIsTextOnly) {
    EXPECT_EQ(Value("\"a\"")().text(), "a");
    for (const std::string other : {"1", "true", "1.5", "[]", "{}", "1979-05-27"}) {
        Value value(other);
        EXPECT_EQ(value().text(), std::nullopt);
        EXPECT_THAT(value.complaint(), HasSubstr("must be text")) << other;
    }
}

TEST(KeyValue, FlagIsTrueOrFalseOnly) {
    EXPECT_EQ(Value("true")().flag(), true);
    EXPECT_EQ(Value("false")().flag(), false);
    for (const std::string other : {"1", "0", "\"true\"", "\"\""}) {
        Value value(other);
        EXPECT_EQ(value().flag(), std::nullopt);
        EXPECT_THAT(value.complaint(), HasSubstr("must be true or false")) << other;
    }
}

TEST(KeyValue, CountIsAWholeNumberUpToTheLimit) {
    EXPECT_EQ(Value("0")().count(10), 0U);
    EXPECT_EQ(Value("10")().count(10), 10U);
    for (const std::string other : {"11", "-1", "1.0", "\"1\"", "true"}) {
        Value value(other);
        EXPECT_EQ(value().count(10), std::nullopt);
        EXPECT_THAT(value.complaint(), HasSubstr("must be a whole number from 0 to 10")) << other;
    }
}

TEST(KeyValue, SizeIsANumberOrTextWithAUnit) {
    EXPECT_EQ(Value("0")().size(), 0U);
    EXPECT_EQ(Value("4096")().size(), 4096U);
    EXPECT_EQ(Value("\"10G\"")().size(), 10ULL << 30U);
    EXPECT_EQ(Value("\"4096\"")().size(), 4096U);
    for (const std::string other : {"-1", "1.5", "\"\"", "\"ten\"", "\"10X\"", "\"-1\"", "\"10M/s\"", "true"}) {
        Value value(other);
        EXPECT_EQ(value().size(), std::nullopt) << other;
        EXPECT_THAT(value.complaint(), HasSubstr("must be a number of bytes")) << other;
    }
}

TEST(KeyValue, RateTakesPerSecondToo) {
    EXPECT_EQ(Value("\"2M\"")().rate(), 2U << 20U);
    EXPECT_EQ(Value("\"2M/s\"")().rate(), 2U << 20U);
    EXPECT_EQ(Value("100")().rate(), 100U);
    EXPECT_EQ(Value("\"2M/h\"")().rate(), std::nullopt);
}

TEST(Problems, AreListedInTheOrderOfTheFile) {
    Problems problems("f");
    EXPECT_TRUE(problems.empty());
    problems.add({7, "c"}, "third");
    problems.add({2, "a"}, "first");
    problems.add({2, "b"}, "second");
    problems.add({}, "of the whole file");
    EXPECT_FALSE(problems.empty());
    EXPECT_EQ(problems.text(), "f: of the whole file\nf:2: a: first\nf:2: b: second\nf:7: c: third");
}

TEST(Problems, TooManyAreCounted) {
    Problems problems("f");
    for (std::uint32_t i = 1; i <= Problems::shown + 3; ++i) problems.add({i, "k"}, "bad");
    EXPECT_THAT(problems.text(), HasSubstr("f:20: k: bad\nf: and 3 more"));
    EXPECT_THAT(problems.text(), ::testing::Not(HasSubstr("f:21:")));
}

TEST(KeyPart, IsQuotedWhereTomlWantsIt) {
    EXPECT_EQ(key_part("alice-2_x"), "alice-2_x");
    EXPECT_EQ(key_part("al ice"), "\"al ice\"");
    EXPECT_EQ(key_part(""), "\"\"");
    EXPECT_EQ(key_part("a\nb"), "\"a\\x0Ab\"");
}

}  // namespace
}  // namespace wherry
