#include "observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace wherry {
namespace {

std::vector<Metric> all_metrics() {
    std::vector<Metric> all;
    for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(Metric::count_); ++i) all.push_back(static_cast<Metric>(i));
    return all;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TEST(MetricsTable, NamesAreUniqueWellFormedAndPrefixed) {
    std::set<std::string_view> names;
    for (const Metric metric : all_metrics()) {
        const std::string_view name = Metrics::name(metric);
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_TRUE(name.starts_with("wherry_")) << name;
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << name;
    }
}

TEST(MetricsTable, SentencesAreOneLineAndEndWithADot) {
    for (const Metric metric : all_metrics()) {
        const std::string_view sentence = Metrics::sentence(metric);
        EXPECT_TRUE(sentence.ends_with('.')) << Metrics::name(metric);
        EXPECT_EQ(sentence.find_first_of("\n\\"), std::string_view::npos) << Metrics::name(metric);
    }
}

TEST(MetricsTable, ANameThatEndsInTotalIsACounterAndNoOther) {
    const Metrics metrics;
    for (const std::string& line : lines_of(metrics.exposition())) {
        if (!line.starts_with("# TYPE ")) continue;
        EXPECT_EQ(line.find("_total ") != std::string::npos, line.ends_with(" counter")) << line;
        EXPECT_TRUE(line.ends_with(" counter") || line.ends_with(" gauge")) << line;
    }
}

TEST(Metrics, AddsUpAndGaugesGoDown) {
    Metrics metrics;
    metrics.add(Metric::bytes_sent_total, 5'000'000'000);
    metrics.add(Metric::bytes_sent_total);
    metrics.add(Metric::sessions, 3);
    metrics.add(Metric::sessions, -1);
    EXPECT_EQ(metrics.value(Metric::bytes_sent_total), 5'000'000'001);
    EXPECT_EQ(metrics.value(Metric::sessions), 2);
    EXPECT_EQ(metrics.value(Metric::bytes_received_total), 0);
}

TEST(Metrics, ExpositionHasThreeLinesForEachInTheOrderOfTheTable) {
    Metrics metrics;
    for (const Metric metric : all_metrics()) metrics.add(metric, 100 + static_cast<std::int64_t>(metric));
    const std::vector<std::string> lines = lines_of(metrics.exposition());
    ASSERT_EQ(lines.size(), 3 * all_metrics().size());
    for (std::size_t i = 0; i < all_metrics().size(); ++i) {
        const std::string name(Metrics::name(all_metrics()[i]));
        EXPECT_EQ(lines[3 * i], "# HELP " + name + " " + std::string(Metrics::sentence(all_metrics()[i])));
        EXPECT_THAT(lines[3 * i + 1], testing::StartsWith("# TYPE " + name + " "));
        EXPECT_EQ(lines[3 * i + 2], name + " " + std::to_string(100 + i));
    }
}

TEST(Metrics, ExpositionOfOneAsTheScraperReadsIt) {
    Metrics metrics;
    metrics.add(Metric::sessions, 2);
    EXPECT_THAT(metrics.exposition(), testing::HasSubstr("\n# HELP wherry_sessions Sessions that are live.\n"
                                                         "# TYPE wherry_sessions gauge\n"
                                                         "wherry_sessions 2\n"));
    EXPECT_TRUE(metrics.exposition().ends_with('\n'));
}

TEST(MetricsStress, AdditionsFromManyThreadsAreNotLost) {
    Metrics metrics;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 10000; ++n) metrics.add(Metric::commands_total);
            });
        }
    }
    EXPECT_EQ(metrics.value(Metric::commands_total), 40000);
}

}  // namespace
}  // namespace wherry
