#include "ftp/reply.h"

#include <gtest/gtest.h>

#include <random>

namespace wherry::ftp {
namespace {

using namespace std::string_literals;

TEST(Reply, of_one_line) {
    EXPECT_EQ(Reply(200, "OK").wire(), "200 OK\r\n");
    EXPECT_EQ(Reply(200, "").wire(), "200 \r\n");
    EXPECT_EQ(Reply(200, "OK").code(), 200);
    EXPECT_FALSE(Reply(350, "").is_error());
    EXPECT_TRUE(Reply(421, "").is_error());
    EXPECT_EQ(Reply(211, "a").line("b").first_line(), "a");
}

TEST(Reply, of_several_lines) {
    EXPECT_EQ(Reply(211, "Features:").line("UTF8").line("SIZE").line("End").wire(),
              "211-Features:\r\n UTF8\r\n SIZE\r\n211 End\r\n");
    EXPECT_EQ(Reply(230, "Hello").line("Bye").wire(), "230-Hello\r\n230 Bye\r\n");
}

// RFC 3659 section 7.2.1: the facts of MLST stand on a line that begins with one blank.
TEST(Reply, of_mlst) {
    EXPECT_EQ(Reply(250, "Listing").line("type=file; /a b").line("End").wire(),
              "250-Listing\r\n type=file; /a b\r\n250 End\r\n");
}

TEST(Reply, append_to_leaves_what_was_there) {
    std::string out = "150 Opening\r\n";
    Reply(226, "Done").append_to(out);
    EXPECT_EQ(out, "150 Opening\r\n226 Done\r\n");
}

// Security 10: a file called "x\r\n226 Done" is no reply.
TEST(Reply, control_bytes_cannot_make_lines) {
    EXPECT_EQ(Reply(550, "x\r\n226 Done\x1B[2J\0"s).wire(), "550 x??226 Done?[2J?\r\n");
    EXPECT_EQ(Reply(211, "a").line("b\n211 End").line("c").wire(), "211-a\r\n b?211 End\r\n211 c\r\n");
}

// Security 9: neither can a line of the body look like the last one.
TEST(Reply, body_lines_begin_with_a_blank) {
    EXPECT_EQ(Reply(213, "Status").line("213 End").line("End").wire(), "213-Status\r\n 213 End\r\n213 End\r\n");
}

TEST(Reply, of_lines_takes_a_banner) {
    EXPECT_EQ(Reply::of_lines(220, "Welcome").wire(), "220 Welcome\r\n");
    EXPECT_EQ(Reply::of_lines(220, "Welcome\n").wire(), "220 Welcome\r\n");
    EXPECT_EQ(Reply::of_lines(220, "a\r\nb\n\nc\r\n").wire(), "220-a\r\n b\r\n \r\n220 c\r\n");
    EXPECT_EQ(Reply::of_lines(220, "").wire(), "220 \r\n");
    EXPECT_EQ(Reply::of_lines(220, "a\rb").wire(), "220 a?b\r\n");
}

TEST(Reply, any_text_gives_one_well_formed_reply) {
    std::mt19937 random(12);
    for (int i = 0; i < 5'000; ++i) {
        std::string text(random() % 40, '\0');
        for (char& c : text) c = "200 -\r\n\0\x1B"[random() % 9];
        const int body = static_cast<int>(random() % 4);
        Reply reply(200, text);
        for (int line = 0; line < body; ++line) reply.line(text);
        const std::string wire = reply.wire();
        int lines = 0;
        for (std::size_t at = 0; at < wire.size(); ++lines) {
            const std::size_t end = wire.find("\r\n", at);
            ASSERT_NE(end, std::string::npos);
            const std::string_view line = std::string_view(wire).substr(at, end - at);
            ASSERT_EQ(line.find_first_of("\r\n"), std::string_view::npos);
            at = end + 2;
            ASSERT_EQ(line.starts_with("200 "), at == wire.size());
        }
        ASSERT_EQ(lines, body + 1);
    }
}

// RFC 959 appendix II.
TEST(Reply, quote_path_doubles_quotes) {
    EXPECT_EQ(quote_path("/"), "\"/\"");
    EXPECT_EQ(quote_path("/a\"b"), "\"/a\"\"b\"");
    EXPECT_EQ(quote_path("\"\""), "\"\"\"\"\"\"");
}

struct ErrorCase {
    Code code;
    int reply;
};
constexpr ErrorCase error_cases[] = {
    {Code::ok, 451},          {Code::not_found, 550},     {Code::denied, 550},
    {Code::exists, 550},      {Code::not_directory, 550}, {Code::is_directory, 550},
    {Code::not_regular, 550}, {Code::not_empty, 550},     {Code::name_not_allowed, 553},
    {Code::no_space, 452},    {Code::quota, 552},         {Code::read_only, 550},
    {Code::busy, 450},        {Code::unsupported, 550},   {Code::invalid, 501},
    {Code::not_mine, 530},    {Code::would_block, 451},   {Code::io, 451},
    {Code::internal, 451},    {Code::aborted, 426},       {Code::reset, 426},
    {Code::closed, 426},      {Code::tls_truncated, 426}, {Code::timeout, 426},
    {Code::killed, 421},
};

TEST(Reply, every_error_has_a_code_and_words_of_our_own) {
    ASSERT_EQ(std::size(error_cases), static_cast<std::size_t>(Code::killed) + 1);
    for (std::size_t i = 0; i < std::size(error_cases); ++i) {
        ASSERT_EQ(static_cast<std::size_t>(error_cases[i].code), i);
        const Reply reply = reply_for(error_cases[i].code);
        EXPECT_EQ(reply.code(), error_cases[i].reply) << name_of(error_cases[i].code);
        EXPECT_GT(reply.first_line().size(), 5U);
    }
}

// ftpserverlib sends the text of a panic, others the real path of the file.
TEST(Reply, the_message_of_an_error_stays_here) {
    for (const ErrorCase& error_case : error_cases) {
        const Error error{error_case.code, 13, "open /srv/secret: Permission xyzzy"};
        const std::string wire = reply_for(error).wire();
        EXPECT_EQ(wire, reply_for(error_case.code).wire());
        EXPECT_EQ(wire.find("secret"), std::string::npos);
        EXPECT_EQ(wire.find("xyzzy"), std::string::npos);
    }
}

}  // namespace
}  // namespace wherry::ftp
