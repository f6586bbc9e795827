#include "ftp/command_line.h"

#include <gtest/gtest.h>

#include <random>

namespace wherry::ftp {
namespace {

using namespace std::string_literals;

std::string parsed(std::string_view line) {
    const auto command = parse_command_line(line);
    if (!command) return "!" + std::string(name_of(command.error().code));
    return command->verb + "|" + command->argument;
}

TEST(CommandLine, verb_and_argument) {
    EXPECT_EQ(parsed("NOOP"), "NOOP|");
    EXPECT_EQ(parsed("RETR a.txt"), "RETR|a.txt");
    EXPECT_EQ(parsed("SITE CHMOD 755 a b"), "SITE|CHMOD 755 a b");
    EXPECT_EQ(parsed("retr A.txt"), "RETR|A.txt");
}

TEST(CommandLine, one_blank_separates_and_all_others_are_the_argument) {
    EXPECT_EQ(parsed("CWD  a "), "CWD| a ");
    EXPECT_EQ(parsed("CWD "), "CWD|");
    EXPECT_EQ(parsed("PASS  "), "PASS| ");
    EXPECT_EQ(parsed("CWD \ta"), "CWD|\ta");
}

TEST(CommandLine, without_a_verb_it_is_an_error) {
    EXPECT_EQ(parsed(""), "!invalid");
    EXPECT_EQ(parsed(" "), "!invalid");
    EXPECT_EQ(parsed(" NOOP"), "!invalid");
}

// ProFTPD 2019, 2020, 1683: bytes above 127, NUL and control bytes in the verb.
TEST(CommandLine, a_verb_is_visible_ascii) {
    for (int i = 0; i < 256; ++i) {
        if (i > 32 && i < 127) continue;
        if (i == ' ') continue;
        EXPECT_EQ(parsed("NO"s + static_cast<char>(i) + "OP"), "!invalid") << i;
        EXPECT_EQ(parsed(static_cast<char>(i) + "NOOP"s), "!invalid") << i;
        EXPECT_EQ(parsed("NOOP"s + static_cast<char>(i)), "!invalid") << i;
    }
    EXPECT_EQ(parsed("NOOP\t"), "!invalid");
    EXPECT_EQ(parsed("NOOP\r"), "!invalid");
    EXPECT_EQ(parsed("no{op"), "NO{OP|");
}

TEST(CommandLine, verb_length_is_capped) {
    EXPECT_EQ(parsed(std::string(CommandLine::max_verb, 'x')), std::string(CommandLine::max_verb, 'X') + "|");
    EXPECT_EQ(parsed(std::string(CommandLine::max_verb + 1, 'x')), "!invalid");
}

// RFC 2640 section 3.1.
TEST(CommandLine, cr_nul_in_the_argument_is_a_cr) {
    EXPECT_EQ(parsed("RETR a\r\0b"s), "RETR|a\rb");
    EXPECT_EQ(parsed("RETR a\r\0\0b"s), "RETR|a\r\0b"s);
    EXPECT_EQ(parsed("RETR \r\0\r\0"s), "RETR|\r\r");
    EXPECT_EQ(parsed("RETR a\rb"), "RETR|a\rb");
    EXPECT_EQ(parsed("RETR a\0b"s), "RETR|a\0b"s);
    EXPECT_EQ(parsed("RETR \0b"s), "RETR|\0b"s);
}

// --- Telnet

TEST(CommandLine, telnet_sequences_go) {
    EXPECT_EQ(parsed("\xFF\xF4\xFF\xF2"
                     "ABOR"),
              "ABOR|");  // IP, Synch
    EXPECT_EQ(parsed("\xFF\xF4"
                     "ABOR"),
              "ABOR|");  // IP
    EXPECT_EQ(parsed("\xFF\xFB\x01\xFF\xFC\x01\xFF\xFD\xFF\xFF\xFE\x20"
                     "NOOP"),
              "NOOP|");  // WILL WONT DO DONT
    EXPECT_EQ(parsed("NO\xFF\xF1"
                     "OP"),
              "NOOP|");                                             // NOP
    EXPECT_EQ(parsed("NOOP\xFF\xFA\x18 RETR x\xFF\xF0"), "NOOP|");  // SB ... SE
    EXPECT_EQ(parsed("NOOP\xFF\xFA\xFF\xFF\xFF\xF0 x"), "NOOP|x");  // IAC IAC inside of SB
    EXPECT_EQ(parsed("RETR a\xFF\xF4"
                     "b"),
              "RETR|ab");
}

TEST(CommandLine, a_doubled_iac_is_the_byte) {
    EXPECT_EQ(parsed("RETR a\xFF\xFF"
                     "b"),
              "RETR|a\xFF"
              "b");
    EXPECT_EQ(parsed("RETR \xFF\xFF\xFF\xFF"), "RETR|\xFF\xFF");
    EXPECT_EQ(parsed("RETR \xFF\xFF\xF4"), "RETR|\xFF\xF4");
}

// Names in windows-1251 end in that byte, and their clients know no Telnet.
TEST(CommandLine, an_iac_that_introduces_nothing_is_content) {
    EXPECT_EQ(parsed("RETR \xFF"
                     "b"),
              "RETR|\xFF"
              "b");
    EXPECT_EQ(parsed("RETR a\xFF"), "RETR|a\xFF");
    EXPECT_EQ(parsed("RETR a\xFF.txt"), "RETR|a\xFF.txt");
}

TEST(CommandLine, cut_off_telnet_sequences_end_with_the_line) {
    EXPECT_EQ(parsed("NOOP\xFF\xFD"), "NOOP|");
    EXPECT_EQ(parsed("NOOP\xFF\xFA\x01"), "NOOP|");
    EXPECT_EQ(parsed("NOOP\xFF\xFA\xFF"), "NOOP|");
    EXPECT_EQ(parsed("\xFF\xF4"), "!invalid");
}

// Without SO_OOBINLINE the urgent byte is missing: what is left of the Synch sticks to the verb.
TEST(CommandLine, torn_telnet_before_the_urgent_verbs_is_dropped) {
    EXPECT_EQ(parsed("\xFF\xF4\xF2"
                     "ABOR"),
              "ABOR|");
    EXPECT_EQ(parsed("\xFF\xF4\xFF"
                     "abor"),
              "ABOR|");
    EXPECT_EQ(parsed("\xFF\xF4\xF2"
                     "STAT /a"),
              "STAT|/a");
    EXPECT_EQ(parsed("\xFF\xF4\xF2QUIT"), "QUIT|");
    EXPECT_EQ(parsed("\xFF\xF4\xF2NOOP"), "!invalid");
}

// Security 30: others take any verb that ends so.
TEST(CommandLine, a_verb_that_only_ends_like_quit_is_not_quit) {
    EXPECT_EQ(parsed("FOOQUIT"), "FOOQUIT|");
    EXPECT_EQ(parsed("XABOR"), "XABOR|");
    EXPECT_EQ(parsed("\xFF\xF4"
                     "FOOQUIT"),
              "FOOQUIT|");
    EXPECT_EQ(parsed("\xF2"
                     "ABOR"),
              "!invalid");
    EXPECT_EQ(parsed("\xFF"
                     "ABOR"),
              "!invalid");
    EXPECT_EQ(parsed("\xFF\xF4\xF2XQUIT"), "!invalid");
}

// CVE-2010-4221 was a read beyond the buffer behind an IAC at its end.
TEST(CommandLine, runs_of_iac_at_the_end) {
    for (std::size_t n = 0; n < 64; ++n) {
        const std::string text = "RETR a" + std::string(n, '\xFF');
        EXPECT_EQ(parsed(text), "RETR|a" + std::string((n + 1) / 2, '\xFF'));
    }
}

TEST(CommandLine, strip_telnet_is_what_remains_after_doubling) {
    std::mt19937 random(8);
    for (int i = 0; i < 10'000; ++i) {
        std::string text(random() % 30, '\0');
        for (char& c : text) c = static_cast<char>(random() % 3 == 0 ? 0xFF : random());
        std::string doubled;
        for (const char c : text) doubled += c == '\xFF' ? "\xFF\xFF" : std::string(1, c);
        const TelnetText stripped = strip_telnet(doubled);
        ASSERT_EQ(stripped.text, text);
        ASSERT_FALSE(stripped.had_sequences);
        ASSERT_LE(strip_telnet(text).text.size(), text.size());
    }
}

// --- other protocols

Foreign foreign(std::string_view line) { return parse_command_line(line).value().foreign; }

TEST(CommandLine, words_of_other_protocols) {
    for (const char* line : {"GET / HTTP/1.1", "POST / HTTP/1.1", "head / HTTP/1.0", "PUT /x HTTP/1.1",
                             "CONNECT a:1 HTTP/1.1", "OPTIONS * HTTP/1.1", "DELETE /x HTTP/1.1", "PATCH /x HTTP/1.1"}) {
        EXPECT_EQ(foreign(line), Foreign::http) << line;
    }
    for (const char* line : {"EHLO a", "HELO a", "MAIL FROM:<a>", "STARTTLS"}) {
        EXPECT_EQ(foreign(line), Foreign::smtp) << line;
    }
    for (const char* line : {"Host: a", "User-Agent: x", "Upgrade-Insecure-Requests: 1", ":"}) {
        EXPECT_EQ(foreign(line), Foreign::header) << line;
    }
}

TEST(CommandLine, ftp_is_not_foreign) {
    for (const char* line :
         {"USER a:", "RETR GET", "OPTS UTF8 ON", "DELE x", "HELP", "HOST a", "STAT", "a:b", "PUTX"}) {
        EXPECT_EQ(foreign(line), Foreign::none) << line;
    }
}

}  // namespace
}  // namespace wherry::ftp
