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

TEST(MetricsTable, NamesSayTheTypes) {
    for (const Metric metric : all_metrics()) {
        const std::string_view name = Metrics::name(metric);
        const std::string_view type = Metrics::type(metric);
        EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
        EXPECT_EQ(name.ends_with("_seconds"), type == "summary") << name;
        EXPECT_TRUE(type == "counter" || type == "gauge" || type == "summary") << name;
    }
}

TEST(MetricsTable, LabelsAreWellFormed) {
    for (const Metric metric : all_metrics()) {
        const std::string labels = Metrics::labels(metric);
        EXPECT_EQ(labels.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_:;, "), std::string::npos) << labels;
    }
    EXPECT_EQ(Metrics::labels(Metric::tftp_requests_total), "op: read, write; outcome: started, refused, unanswered");
    EXPECT_EQ(Metrics::labels(Metric::sessions), "");
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

// Each series has a value of its own, also those of labels.
TEST(Metrics, ExpositionHasEachSeriesOnceInTheOrderOfTheTable) {
    Metrics metrics;
    std::vector<std::string> series;
    std::set<std::string> different;
    std::size_t families = 0;
    for (const std::string& line : lines_of(metrics.exposition())) {
        families += line.starts_with("# HELP ") ? 1 : 0;
        if (line.starts_with("#")) continue;
        series.push_back(line.substr(0, line.rfind(' ')));
        EXPECT_TRUE(different.insert(series.back()).second) << line;
    }
    EXPECT_EQ(families, all_metrics().size());
    std::size_t expected = 0;
    for (const Metric metric : all_metrics()) {
        for (std::size_t i = 0; i < series_of(metric); ++i) {
            EXPECT_TRUE(series.at(expected++).starts_with(Metrics::name(metric))) << Metrics::name(metric);
        }
    }
    EXPECT_EQ(series.size(), expected);
}

TEST(Metrics, LabelsAreSeriesOfTheirOwn) {
    Metrics metrics;
    metrics.add(Metric::tftp_requests_total, TftpDirection::write, TftpOutcome::refused);
    metrics.add(Metric::tftp_requests_total, TftpDirection::read, TftpOutcome::started, 5);
    metrics.add(Metric::tftp_errors_sent_total, tftp_code(8));
    metrics.add(Metric::tftp_errors_sent_total, tftp_code(9));
    metrics.add(Metric::tftp_errors_sent_total, tftp_code(65535));
    EXPECT_EQ(metrics.value(Metric::tftp_requests_total), 6);
    EXPECT_EQ(metrics.value(Metric::tftp_requests_total, TftpDirection::read, TftpOutcome::started), 5);
    EXPECT_EQ(metrics.value(Metric::tftp_requests_total, TftpDirection::read, TftpOutcome::refused), 0);
    EXPECT_EQ(metrics.value(Metric::tftp_errors_sent_total, TftpCode::other), 2);
    EXPECT_EQ(metrics.value(Metric::tftp_errors_received_total), 0);
    const std::string text = metrics.exposition();
    EXPECT_THAT(text, testing::HasSubstr("# TYPE wherry_tftp_requests_total counter\n"
                                         "wherry_tftp_requests_total{op=\"read\",outcome=\"started\"} 5\n"
                                         "wherry_tftp_requests_total{op=\"read\",outcome=\"refused\"} 0\n"));
    EXPECT_THAT(text, testing::HasSubstr("wherry_tftp_requests_total{op=\"write\",outcome=\"refused\"} 1\n"));
    EXPECT_THAT(text, testing::HasSubstr("wherry_tftp_errors_sent_total{code=\"8\"} 1\n"
                                         "wherry_tftp_errors_sent_total{code=\"other\"} 2\n"));
}

TEST(Metrics, ASummaryIsACountAndSeconds) {
    Metrics metrics;
    metrics.took(Metric::tftp_rtt_seconds, std::chrono::milliseconds(1500));
    metrics.took(Metric::tftp_rtt_seconds, std::chrono::microseconds(250));
    EXPECT_EQ(metrics.value(Metric::tftp_rtt_seconds), 2);
    EXPECT_EQ(metrics.span(Metric::tftp_rtt_seconds), std::chrono::microseconds(1'500'250));
    EXPECT_THAT(metrics.exposition(), testing::HasSubstr("# TYPE wherry_tftp_rtt_seconds summary\n"
                                                         "wherry_tftp_rtt_seconds_sum 1.500250000\n"
                                                         "wherry_tftp_rtt_seconds_count 2\n"));
}

TEST(Metrics, AGaugeThatIsOnlyKnownWhenAsked) {
    Metrics metrics;
    metrics.set(Metric::tftp_cache_bytes, 7);
    metrics.set(Metric::tftp_cache_bytes, 5);
    EXPECT_EQ(metrics.value(Metric::tftp_cache_bytes), 5);
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
