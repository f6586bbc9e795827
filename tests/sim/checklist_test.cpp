// docs/checklist.md, docs/i2ftp-checklist.md, docs/security.md and the pages for embedders name tests and examples: all
// of them must exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "core/text.h"

namespace wherry {
namespace {

namespace fs = std::filesystem;

const std::string source = WHERRY_SOURCE_DIR;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string all_tests() {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(source + "/tests")) {
        const auto kind = entry.path().extension();
        if (kind == ".cpp" || kind == ".h" || kind == ".py") all += text_of(entry.path());
    }
    return all;
}

bool exists(const std::string& tests, const std::string& suite, const std::string& name) {
    if (name == "ftp") return fs::exists(source + "/tests/dialogues/" + suite + ".ftp");
    if (suite == "examples") return fs::exists(source + "/examples/" + name + ".cpp");
    if (name.starts_with("test_")) {
        return tests.find("class " + suite + "(") != std::string::npos &&
               tests.find("def " + name + "(") != std::string::npos;
    }
    const std::string rest = "(" + suite + ", " + name + ") {";
    return tests.find("TEST" + rest) != std::string::npos || tests.find("TEST_F" + rest) != std::string::npos ||
           tests.find("TEST_P" + rest) != std::string::npos;
}

// The cells of the rows of a page's tables, without heads and rules.
std::vector<std::vector<std::string>> rows(const std::string& page) {
    std::vector<std::vector<std::string>> all;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("| ") || line.starts_with("| | |")) continue;
        std::vector<std::string> cells;
        for (const auto cell : split(line, '|')) cells.emplace_back(trim(cell));
        all.push_back(std::move(cells));
    }
    return all;
}

TEST(Checklist, NamesWhatExists) {
    const std::string page = text_of(source + "/docs/checklist.md");
    const std::string tests = all_tests();
    const std::regex name("`([A-Za-z][A-Za-z0-9_]*)\\.([A-Za-z0-9_]+)`");
    std::size_t named = 0;
    for (const auto& row : rows(page)) {
        ASSERT_EQ(row.size(), 6U) << row.at(1);
        for (const std::string& cell : {row[3], row[4]}) {
            for (std::sregex_iterator at(cell.begin(), cell.end(), name), end; at != end; ++at, ++named) {
                EXPECT_TRUE(exists(tests, (*at)[1], (*at)[2])) << (*at)[0] << " of: " << row[1];
            }
        }
    }
    EXPECT_GT(named, 150U);
}

// Each attack of the list has its number, something that stands against it, and a test.
TEST(SecurityPage, NamesATestThatExistsForEachAttack) {
    const std::string tests = all_tests();
    const std::regex name("`([A-Za-z][A-Za-z0-9_]*)\\.([A-Za-z0-9_]+)`");
    constexpr std::size_t attacks = 64;
    std::size_t expected = 1;
    std::size_t others = 0;
    for (const auto& row : rows(text_of(source + "/docs/security.md"))) {
        ASSERT_EQ(row.size(), 6U) << row.at(1);
        if (row[1] == "#") continue;  // the head of a table
        if (row[1].size() == 1 && row[1][0] >= 'a') {
            ++others;
        } else {
            EXPECT_EQ(row[1], std::to_string(expected++));
        }
        EXPECT_FALSE(row[3].empty()) << row[2];
        const std::sregex_iterator first(row[4].begin(), row[4].end(), name);
        EXPECT_NE(first, std::sregex_iterator()) << row[2] << ": which test shows it?";
        for (std::sregex_iterator at = first, end; at != end; ++at) {
            EXPECT_TRUE(exists(tests, (*at)[1], (*at)[2])) << (*at)[0] << " of: " << row[2];
        }
    }
    EXPECT_EQ(expected - 1, attacks);
    EXPECT_EQ(others, 26U);
}

TEST(TrustPage, NamesTestsThatExist) {
    const std::string page = text_of(source + "/docs/trust.md");
    const std::string tests = all_tests();
    const std::regex name("`([A-Z][A-Za-z0-9]*)\\.([A-Za-z0-9_]+)`");
    std::size_t named = 0;
    for (std::sregex_iterator at(page.begin(), page.end(), name), end; at != end; ++at, ++named) {
        EXPECT_TRUE(exists(tests, (*at)[1], (*at)[2])) << (*at)[0];
    }
    EXPECT_GE(named, 6U);
}

// Each line says how it is, and a test shows it; the attacks have the numbers that follow those of the other pages.
TEST(I2ftpPage, NamesATestThatExistsForEachLine) {
    const std::string tests = all_tests();
    const std::regex name("`([A-Za-z][A-Za-z0-9_]*)\\.([A-Za-z0-9_]+)`");
    std::string numbers;
    for (const auto& row : rows(text_of(source + "/docs/i2ftp-checklist.md"))) {
        ASSERT_EQ(row.size(), 6U) << row.at(1);
        if (row[1] == "#") continue;  // the head of a table
        numbers += row[1] + ' ';
        const std::string& shown = row[4];
        EXPECT_FALSE(row[3].empty()) << row[2];
        const std::sregex_iterator first(shown.begin(), shown.end(), name);
        EXPECT_NE(first, std::sregex_iterator()) << row[2] << ": which test shows it?";
        for (std::sregex_iterator at = first, end; at != end; ++at) {
            EXPECT_TRUE(exists(tests, (*at)[1], (*at)[2])) << (*at)[0] << " of: " << row[2];
        }
    }
    EXPECT_EQ(numbers, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 65 66 67 68 69 70 71 72 1 2 3 4 5 6 ");
}

TEST(Checklist, ShowsWhatItSaysAndExplainsTheRest) {
    std::size_t lines = 0;
    for (const auto& row : rows(text_of(source + "/docs/checklist.md"))) {
        ++lines;
        EXPECT_TRUE(row.at(2) == "yes" || row.at(2) == "partly" || row.at(2) == "no") << row.at(1);
        EXPECT_TRUE(row.at(2) != "yes" || !row.at(3).empty()) << row.at(1) << ": which test shows it?";
        EXPECT_TRUE(row.at(2) == "yes" || !row.at(4).empty()) << row.at(1) << ": why not?";
    }
    EXPECT_GT(lines, 100U);
}

TEST(PagesForEmbedders, NameExamplesThatExistAndAllOfThem) {
    std::string pages;
    for (const char* page : {"/docs/embedding.md", "/docs/coming-from.md"}) pages += text_of(source + page);
    const std::regex example("examples/(\\w+)\\.cpp");
    for (std::sregex_iterator at(pages.begin(), pages.end(), example), end; at != end; ++at) {
        EXPECT_TRUE(fs::exists(source + "/" + at->str())) << at->str();
    }
    const std::string check = text_of(source + "/examples/check.py");
    for (const auto& entry : fs::directory_iterator(source + "/examples")) {
        if (entry.path().extension() != ".cpp") continue;
        EXPECT_NE(pages.find("examples/" + entry.path().filename().string()), std::string::npos) << entry.path();
        EXPECT_NE(check.find("def " + entry.path().stem().string() + "("), std::string::npos) << entry.path();
    }
}

}  // namespace
}  // namespace wherry
