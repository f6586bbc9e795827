#include "observe/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace wherry {

// Counts how often it is formatted.
struct Costly {
    int* formatted;
};

}  // namespace wherry

template <>
struct fmt::formatter<wherry::Costly> : fmt::formatter<int> {
    template <class Context>
    auto format(const wherry::Costly& costly, Context& context) const {
        return fmt::formatter<int>::format(++*costly.formatted, context);
    }
};

namespace wherry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

std::vector<std::string> lines_in(const std::string& file) {
    std::vector<std::string> lines;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// A folder of the test's own, removed at its end.
class LogFile : public testing::Test {
protected:
    LogFile() {
        std::string pattern = testing::TempDir() + "wherry-log-XXXXXX";
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
        folder_ = pattern;
        file_ = folder_ + "/in/wherry.log";
    }
    ~LogFile() override { std::filesystem::remove_all(folder_); }

    std::string folder_;
    std::string file_;
};

struct Lines {
    std::vector<std::pair<LogLevel, std::string>> lines;
    std::function<void(LogLevel, std::string_view)> to() {
        return [this](LogLevel level, std::string_view text) { lines.emplace_back(level, text); };
    }
};

TEST(Log, OnlyWhatTheLevelLetsThroughIsWritten) {
    Lines seen;
    Log log(LogLevel::warning, seen.to());
    log.debug("a");
    log.info("b");
    log.warning("c {}", 1);
    log.error("d {}", "x");
    log.line(LogLevel::info, "e");
    EXPECT_THAT(seen.lines, ElementsAre(std::pair(LogLevel::warning, "c 1"), std::pair(LogLevel::error, "d x")));
    log.set_level(LogLevel::debug);
    log.debug("f");
    EXPECT_EQ(seen.lines.back().second, "f");
}

TEST(Log, OffWritesNothingAndIsNoLevelOfALine) {
    Lines seen;
    Log log(LogLevel::off, seen.to());
    log.error("a");
    log.line(LogLevel::off, "b");
    log.set_level(LogLevel::debug);
    log.line(LogLevel::off, "c");
    EXPECT_TRUE(seen.lines.empty());
}

TEST(Log, WhatIsNotWrittenIsNotFormatted) {
    Lines seen;
    Log log(LogLevel::info, seen.to());
    int formatted = 0;
    log.debug("{}", Costly{&formatted});
    EXPECT_EQ(formatted, 0);
    log.info("{}", Costly{&formatted});
    EXPECT_EQ(formatted, 1);
}

TEST(Log, ALineStaysOneLine) {
    Lines seen;
    Log log(LogLevel::info, seen.to());
    log.info("{}", "a\r\n2026-11-21 02:40:01.123 info  forged\x1b[2J");
    ASSERT_EQ(seen.lines.size(), 1U);
    EXPECT_EQ(seen.lines[0].second, "a??2026-11-21 02:40:01.123 info  forged?[2J");
}

TEST(Log, BracesInALineAreText) {
    Lines seen;
    Log log(LogLevel::info, seen.to());
    log.line(LogLevel::info, "a {} {0} %s");
    EXPECT_EQ(seen.lines.at(0).second, "a {} {0} %s");
}

TEST(Log, AFunctionThatThrowsDoesNotHarmTheOneWhoLogs) {
    Log log(LogLevel::info, [](LogLevel, std::string_view) { throw std::runtime_error("no"); });
    EXPECT_NO_THROW(log.error("x"));
    EXPECT_TRUE(log.reopen());
}

TEST_F(LogFile, LinesHaveTimeLevelAndText) {
    Log log({.level = LogLevel::debug, .file = file_});
    log.debug("one {}", 1);
    log.info("two {{}}");
    log.warning("three");
    log.error("four");
    const std::string time = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} ";
    EXPECT_THAT(lines_in(file_),
                ElementsAre(MatchesRegex(time + "debug one 1"), MatchesRegex(time + "info  two \\{\\}"),
                            MatchesRegex(time + "warn  three"), MatchesRegex(time + "error four")));
}

TEST_F(LogFile, IsAppendedTo) {
    for (const char* text : {"first", "second"}) {
        Log log({.file = file_});
        log.info("{}", text);
    }
    EXPECT_THAT(lines_in(file_), ElementsAre(HasSubstr("first"), HasSubstr("second")));
}

TEST_F(LogFile, TwoLogsShareNothing) {
    Log one({.file = file_});
    Log two({.level = LogLevel::error, .file = folder_ + "/other.log"});
    one.info("to one");
    two.info("to nobody");
    two.error("to two");
    EXPECT_THAT(lines_in(file_), ElementsAre(HasSubstr("to one")));
    EXPECT_THAT(lines_in(folder_ + "/other.log"), ElementsAre(HasSubstr("to two")));
}

TEST_F(LogFile, ReopenFollowsTheNameAfterARotation) {
    Log log({.file = file_});
    log.info("before");
    std::filesystem::rename(file_, file_ + ".1");
    log.info("still the old one");
    ASSERT_TRUE(log.reopen());
    log.info("after");
    EXPECT_THAT(lines_in(file_ + ".1"), ElementsAre(HasSubstr("before"), HasSubstr("still the old one")));
    EXPECT_THAT(lines_in(file_), ElementsAre(MatchesRegex("[0-9].* info  after")));
}

TEST_F(LogFile, AReopenThatFailsKeepsTheOldFile) {
    Log log({.file = file_});
    std::filesystem::rename(folder_ + "/in", folder_ + "/moved");
    std::ofstream(folder_ + "/in") << "a file where the folder was";
    const auto reopened = log.reopen();
    ASSERT_FALSE(reopened);
    EXPECT_EQ(reopened.error().code, Code::io);
    EXPECT_THAT(reopened.error().message, HasSubstr(file_));
    log.info("kept");
    EXPECT_THAT(lines_in(folder_ + "/moved/wherry.log"), ElementsAre(HasSubstr("kept")));
}

TEST_F(LogFile, AFileThatCannotBeOpenedIsAMistakeOfTheStart) {
    try {
        Log log({.file = folder_});
        FAIL() << "a folder was opened as a log";
    } catch (const std::runtime_error& thrown) {
        EXPECT_THAT(thrown.what(), testing::AllOf(HasSubstr("log: "), HasSubstr(folder_)));
    }
}

TEST(LogStandardError, GetsLinesWithoutColoursWhenItIsNoTerminal) {
    testing::internal::CaptureStderr();
    {
        Log log;
        log.error("plain");
        log.debug("not this");
    }
    EXPECT_THAT(testing::internal::GetCapturedStderr(), MatchesRegex("[-0-9]+ [0-9:.]+ error plain\n"));
}

TEST(LogStandardError, IsToldOnceThatTheDiskIsFull) {
    testing::internal::CaptureStderr();
    Log log({.file = "/dev/full"});
    log.info("one");
    log.info("two");
    const std::string told = testing::internal::GetCapturedStderr();
    EXPECT_THAT(told, MatchesRegex("wherry: the log cannot be written: [^\n]*/dev/full[^\n]*\n"));
}

TEST_F(LogFile, StressLinesOfManyThreadsStayWholeDuringReopens) {
    constexpr int each = 500;
    {
        Log log({.file = file_});
        std::vector<std::jthread> threads;
        for (int who = 0; who < 4; ++who) {
            threads.emplace_back([&log, who] {
                for (int i = 0; i < each; ++i) log.info("line {} {} end", who, i);
            });
        }
        threads.emplace_back([&log] {
            for (int i = 0; i < 20; ++i) EXPECT_TRUE(log.reopen());
        });
        threads.emplace_back([&log] {
            for (int i = 0; i < 20; ++i) log.set_level(LogLevel::info);
        });
    }
    std::set<std::string> texts;
    for (const std::string& line : lines_in(file_)) {
        ASSERT_TRUE(line.ends_with(" end")) << line;
        texts.insert(line.substr(line.find("line ")));
    }
    EXPECT_EQ(texts.size(), 4U * each);
    EXPECT_EQ(lines_in(file_).size(), 4U * each);
}

}  // namespace
}  // namespace wherry
