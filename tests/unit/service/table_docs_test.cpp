#include "service/table_docs.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace wherry {
namespace {

std::string page_of(const std::string& file) {
    std::ifstream in(WHERRY_SOURCE_DIR "/" + file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// The text between `begin` and the next `end`.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const auto from = text.find(begin);
    if (from == std::string::npos) return {};
    const auto to = text.find(end, from);
    return text.substr(from + begin.size(), to - from - begin.size());
}

std::vector<std::string> all_matches(const std::string& text, const std::regex& pattern) {
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.push_back((*at)[1]);
    return found;
}

TEST(EventDocs, AreCheckedIn) {
    EXPECT_EQ(page_of("docs/events.md"), events_markdown()) << "run: wherry check-config --events > docs/events.md";
}

TEST(MetricDocs, AreCheckedIn) {
    EXPECT_EQ(page_of("docs/metrics.md"), metrics_markdown()) << "run: wherry check-config --metrics > docs/metrics.md";
}

TEST(EventDocs, NameTheEventsInTheOrderOfTheVariant) {
    const std::string variant = between(page_of("include/wherry/events.h"), "using Event =", ">;");
    const auto declared = all_matches(variant, std::regex("event::(\\w+)"));
    ASSERT_EQ(declared.size(), event_rows().size());
    for (std::size_t i = 0; i < declared.size(); ++i) EXPECT_EQ(declared[i], event_rows()[i].name);
}

// Also those that it has from another struct.
std::string members_of(const std::string& header, const std::string& name) {
    static const std::regex member("^ +[\\w:<> ]+ (\\w+)(?:\\{.*\\}| = [^;]+);", std::regex::multiline);
    std::smatch found;
    if (!std::regex_search(header, found, std::regex("struct " + name + "(?: : (\\w+))? \\{"))) return "no such struct";
    std::string members = found[1].matched ? members_of(header, found[1]) : "";
    const bool empty = found.suffix().str().starts_with("};");
    const std::string body = empty ? "" : between(header, found[0], "\n};");
    for (const std::string& own : all_matches(body, member)) {
        if (own != "session") members += (members.empty() ? "" : ", ") + own;
    }
    return members;
}

TEST(EventDocs, NameEveryMember) {
    const std::string header = page_of("include/wherry/events.h");
    for (const EventRow& row : event_rows()) {
        EXPECT_EQ(members_of(header, std::string(row.name)), row.members) << row.name;
    }
}

}  // namespace
}  // namespace wherry
