// The numbered cases of the TFTP service, T001 to T134: each has a test that has the number in its name.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

namespace wherry::tftp {
namespace {

constexpr int last_case = 134;

// Of a line that begins a test: the numbers behind "T0" and "T1", "T011_to_T015" being all of these.
void add_cases(std::string_view line, std::set<int>& found) {
    const auto number_at = [&](std::size_t at) {
        const std::string_view digits = at + 4 <= line.size() && line[at] == 'T' ? line.substr(at + 1, 3) : "";
        const bool all = digits.size() == 3 && digits.find_first_not_of("0123456789") == std::string_view::npos;
        return all ? std::stoi(std::string(digits)) : 0;
    };
    for (std::size_t at = 0; at < line.size(); ++at) {
        const int first = number_at(at);
        if (first == 0) continue;
        const bool range = line.substr(at + 4).starts_with("_to_");
        for (int one = first; one <= (range ? number_at(at + 8) : first); ++one) found.insert(one);
    }
}

std::set<int> cases_in(const std::filesystem::path& folder) {
    std::set<int> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const auto kind = entry.path().extension();
        if (kind != ".cpp" && kind != ".py") continue;
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            const auto begins = line.find_first_not_of(' ');
            const std::string_view rest = begins == std::string::npos ? "" : std::string_view(line).substr(begins);
            if (rest.starts_with("TEST") || rest.starts_with("def test_")) add_cases(rest, found);
        }
    }
    return found;
}

TEST(TftpTestCases, all_have_a_test) {
    const std::set<int> found = cases_in(WHERRY_SOURCE_DIR "/tests");
    std::string missing;
    for (int number = 1; number <= last_case; ++number) {
        if (!found.contains(number)) missing += " " + std::to_string(number);
    }
    EXPECT_EQ(missing, "");
}

TEST(TftpTestCases, numbers_are_read_as_they_are_written) {
    std::set<int> found;
    add_cases("TEST_F(X, T011_to_T013_what_is_no_request)", found);
    add_cases("def test_T079_T080_files(self):", found);
    add_cases("TEST(T, Tx12_T12_nothing)", found);
    EXPECT_EQ(found, (std::set<int>{11, 12, 13, 79, 80}));
}

}  // namespace
}  // namespace wherry::tftp
