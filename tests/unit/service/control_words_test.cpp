#include "service/control_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wherry::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(ControlWords, RequestsComeBackAsTheyWere) {
    for (const Request& one :
         {Request(ListTftp{}), Request(EndTftp{1}), Request(EndTftp{9223372036854775807U}), Request(ShowMetrics{})}) {
        const std::string line = line_of(one);
        ASSERT_TRUE(line.ends_with('\n'));
        EXPECT_LE(line.size(), most_request);
        EXPECT_EQ(parse_request(line.substr(0, line.size() - 1)).value(), one);
    }
}

TEST(ControlWords, NothingElseIsARequest) {
    for (const std::string& line : {""s,
                                    "tftp"s,
                                    "transfers"s,
                                    "tftp  transfers"s,
                                    " tftp transfers"s,
                                    "tftp transfers "s,
                                    "TFTP transfers"s,
                                    "tftp transfers 1"s,
                                    "tftp end"s,
                                    "tftp end "s,
                                    "tftp end -1"s,
                                    "tftp end 1 2"s,
                                    "tftp end 1\r"s,
                                    "tftp end 9223372036854775808"s,
                                    "tftp end 0x1"s,
                                    "ftp transfers"s,
                                    "tftp\ttransfers"s,
                                    "metrics "s,
                                    "tftp metrics"s,
                                    "metrics all"s,
                                    "tftp transfers\0"s,
                                    std::string(100, 'a')}) {
        EXPECT_EQ(parse_request(line).error().code, Code::invalid) << line;
    }
    EXPECT_THAT(parse_request("tftp end \x1b[31m").error().message, HasSubstr("\\x1B"));
}

TEST(ControlWords, RowsOfTransfers) {
    TftpTransfer get;
    get.id = 7;
    get.peer = "10.0.0.5";
    get.peer_port = 2070;
    get.name = "pxelinux.0";
    get.bytes = 1024;
    get.size = 42312;
    get.age = 1500ms;
    TftpTransfer put = get;
    put.upload = true;
    put.peer = "fe80::1";
    put.size = std::nullopt;
    put.name = "a\tb\nc";
    const std::string text = answer_of({get, put});
    EXPECT_EQ(text,
              "ok 2\n7\tget\t10.0.0.5:2070\t1024\t42312\t1500\tpxelinux.0\n"
              "7\tput\t[fe80::1]:2070\t1024\t-\t1500\ta\\x09b\\x0Ac\n");
    EXPECT_THAT(parse_answer(text).value(), ElementsAre(HasSubstr("pxelinux"), HasSubstr("fe80")));
    EXPECT_THAT(parse_answer(answer_of(std::vector<TftpTransfer>())).value(), IsEmpty());
}

TEST(ControlWords, NoMoreRowsThanACapSays) {
    const std::vector<TftpTransfer> many(most_rows + 1);
    EXPECT_EQ(parse_answer(answer_of(many)).value().size(), most_rows);
}

TEST(ControlWords, TheEndOfATransfer) {
    EXPECT_THAT(parse_answer(answer_of(Result<void>())).value(), IsEmpty());
    const auto failed = parse_answer(answer_of(Result<void>(fail(Code::not_found, "there is\nno such transfer"))));
    EXPECT_EQ(failed.error().message, "there is\\x0Ano such transfer");
}

TEST(ControlWords, LinesOfMetrics) {
    const std::string text = answer_of("# TYPE a counter\na 1\n"sv);
    EXPECT_EQ(text, "ok 2\n# TYPE a counter\na 1\n");
    EXPECT_THAT(parse_answer(text).value(), ElementsAre("# TYPE a counter", "a 1"));
}

TEST(ControlWords, WhatIsNoAnswer) {
    for (const std::string_view text : {"", "ok 0", "ok\n", "ok 1\n", "ok 0\nrow\n", "ok x\n", "okay\n", "\n",
                                        "ok 1\nrow", "error a\nb\n", "ok 99999999999\n"}) {
        EXPECT_EQ(parse_answer(text).error().code, Code::invalid) << text;
    }
}

}  // namespace
}  // namespace wherry::control
