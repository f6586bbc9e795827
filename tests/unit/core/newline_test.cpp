#include "core/newline.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace wherry {
namespace {

using namespace std::string_literals;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

// How much to give and how much room to leave in the next call; 0 stands for "all".
struct Cut {
    std::size_t in = 0;
    std::size_t out = 0;
};

template <class Codec, class NextCut>
std::string run(Codec codec, std::string_view input, NextCut next_cut) {
    std::string result;
    std::vector<std::byte> room(input.size() * 2 + 8);
    const auto take = [&result, &room](std::size_t n) {
        ASSERT_LE(n, room.size());
        result.append(reinterpret_cast<const char*>(room.data()), n);
    };
    while (!input.empty()) {
        const Cut cut = next_cut();
        const auto in = bytes(input.substr(0, cut.in == 0 ? input.size() : cut.in));
        const auto out = std::span(room).first(cut.out == 0 ? room.size() : std::min(cut.out, room.size()));
        const Converted done = codec.convert(in, out);
        EXPECT_TRUE(done.consumed == in.size() || done.produced == out.size());
        take(done.produced);
        input.remove_prefix(done.consumed);
    }
    for (std::size_t owed = 0, n = codec.finish(room); n != 0; n = codec.finish(room)) {
        take(n);
        owed += n;
        EXPECT_LE(owed, Codec::max_owed);
    }
    return result;
}

std::string encode(std::string_view text, Newlines style = Newlines::ftp) {
    return run(NewlineEncoder(style), text, [] { return Cut{}; });
}
std::string decode(std::string_view text, Newlines style = Newlines::ftp) {
    return run(NewlineDecoder(style), text, [] { return Cut{}; });
}

TEST(Newline, ftp_encoder_makes_crlf_of_lf) {
    EXPECT_EQ(encode("a\nb\n"), "a\r\nb\r\n");
    EXPECT_EQ(encode("\n\n"), "\r\n\r\n");
    EXPECT_EQ(encode(""), "");
}

// pyftpdlib 492: CRLF became CR CR LF.
TEST(Newline, ftp_encoder_leaves_a_crlf_alone) {
    EXPECT_EQ(encode("a\r\nb"), "a\r\nb");
    EXPECT_EQ(encode("\r\r\n\n"), "\r\r\n\r\n");
    EXPECT_EQ(encode("a\rb\r"), "a\rb\r");
}

TEST(Newline, ftp_decoder_makes_lf_of_crlf_only) {
    EXPECT_EQ(decode("a\r\nb\r\n"), "a\nb\n");
    EXPECT_EQ(decode("a\nb"), "a\nb");
    EXPECT_EQ(decode("a\rb"), "a\rb");
    EXPECT_EQ(decode("\r\r\n"), "\r\n");
    EXPECT_EQ(decode("a\r\0b"s), "a\r\0b"s);
}

// pyftpdlib and py3tftp lose it.
TEST(Newline, a_cr_at_the_very_end_is_kept) {
    EXPECT_EQ(decode("a\r"), "a\r");
    EXPECT_EQ(decode("a\r\r"), "a\r\r");
    EXPECT_EQ(decode("a\r", Newlines::netascii), "a\r");
}

TEST(Newline, netascii_encoder) {
    EXPECT_EQ(encode("a\nb\r\nc\r", Newlines::netascii), "a\r\nb\r\0\r\nc\r\0"s);
    EXPECT_EQ(encode("a\nb\r\nc\rd\r", Newlines::netascii_keep), "a\r\nb\r\nc\r\0d\r\0"s);
    EXPECT_EQ(encode("\r\r\n", Newlines::netascii_keep), "\r\0\r\n"s);
}

TEST(Newline, netascii_decoder) {
    EXPECT_EQ(decode("a\r\nb\r\0c\r"s, Newlines::netascii), "a\nb\rc\r");
    EXPECT_EQ(decode("\r\0\r\n"s, Newlines::netascii), "\r\n");
    EXPECT_EQ(decode("\rx\r\r\0"s, Newlines::netascii), "\rx\r\r");
}

TEST(Newline, files_whose_line_ends_are_crlf) {
    EXPECT_EQ(encode("a\r\nb\rc\nd\r", Newlines::netascii_crlf), "a\r\nb\r\0c\r\nd\r\0"s);
    EXPECT_EQ(decode("a\r\nb\r\0c\nd\r"s, Newlines::netascii_crlf), "a\r\nb\rc\nd\r");
    EXPECT_EQ(decode("\r\r\n\r\0"s, Newlines::netascii_crlf), "\r\r\n\r");
}

// What a pair does at every border of input and output.
TEST(Newline, pairs_may_be_cut_anywhere) {
    const auto byte_by_byte = [] { return Cut{1, 1}; };
    EXPECT_EQ(run(NewlineEncoder(), "a\r\nb\nc\r", byte_by_byte), "a\r\nb\r\nc\r");
    EXPECT_EQ(run(NewlineDecoder(), "a\r\nb\rc\r", byte_by_byte), "a\nb\rc\r");
    EXPECT_EQ(run(NewlineEncoder(Newlines::netascii), "\n\r\r\n", byte_by_byte), "\r\n\r\0\r\0\r\n"s);
    EXPECT_EQ(run(NewlineEncoder(Newlines::netascii_keep), "\n\r\r\n\r", byte_by_byte), "\r\n\r\0\r\n\r\0"s);
}

TEST(Newline, a_full_output_takes_nothing) {
    NewlineEncoder encoder;
    const Converted done = encoder.convert(bytes("abc"), {});
    EXPECT_EQ(done.consumed, 0U);
    EXPECT_EQ(done.produced, 0U);
}

TEST(Newline, a_copy_is_a_checkpoint) {
    NewlineEncoder encoder(Newlines::netascii);
    std::array<std::byte, 1> small{};
    ASSERT_EQ(encoder.convert(bytes("\n"), small).consumed, 1U);
    NewlineEncoder again = encoder;
    EXPECT_EQ(run(encoder, "x", [] { return Cut{}; }), "\nx");
    EXPECT_EQ(run(again, "x", [] { return Cut{}; }), "\nx");
}

TEST(Newline, a_finished_codec_is_as_new) {
    std::array<std::byte, 8> room{};
    NewlineDecoder decoder;
    ASSERT_EQ(decoder.convert(bytes("\r"), room).produced, 0U);
    ASSERT_EQ(decoder.finish(room), 1U);
    EXPECT_EQ(decoder.convert(bytes("\n"), room).produced, 1U);
    EXPECT_EQ(decoder.finish(room), 0U);
    NewlineEncoder encoder;
    ASSERT_EQ(encoder.convert(bytes("\r"), room).produced, 1U);
    ASSERT_EQ(encoder.finish(room), 0U);
    EXPECT_EQ(encoder.convert(bytes("\n"), room).produced, 2U);
}

// --- properties

// Whole text at once, one rule per line.
std::string encode_model(std::string_view in, Newlines style) {
    std::string out;
    for (std::size_t i = 0; i < in.size(); ++i) {
        const bool crlf_before = i > 0 && in[i - 1] == '\r' && style != Newlines::netascii;
        const bool lf_behind = i + 1 < in.size() && in[i + 1] == '\n';
        if (in[i] == '\n' && !crlf_before) out += '\r';
        out += in[i];
        if (in[i] == '\r' && style == Newlines::netascii) out += '\0';
        const bool keeps = style == Newlines::netascii_keep || style == Newlines::netascii_crlf;
        if (in[i] == '\r' && keeps && !lf_behind) out += '\0';
    }
    return out;
}
std::string decode_model(std::string_view in, Newlines style) {
    std::string out;
    for (std::size_t i = 0; i < in.size(); ++i) {
        const char next = i + 1 < in.size() ? in[i + 1] : 'x';
        if (in[i] == '\r' && next == '\n' && style != Newlines::netascii_crlf) continue;
        out += in[i];
        if (in[i] == '\r' && next == '\0' && style != Newlines::ftp) ++i;
    }
    return out;
}

class NewlineProperty : public testing::TestWithParam<Newlines> {};

TEST_P(NewlineProperty, any_cut_gives_what_the_model_gives) {
    std::mt19937 random(static_cast<unsigned>(GetParam()) + 5);
    for (int i = 0; i < 20'000; ++i) {
        std::string text(random() % 60, '\0');
        for (char& c : text) c = "\r\r\n\nabc\0"[random() % 8];
        const auto cut = [&random] { return Cut{1 + random() % 7, 1 + random() % 7}; };
        const std::string encoded = encode_model(text, GetParam());
        ASSERT_EQ(encode(text, GetParam()), encoded);
        ASSERT_EQ(run(NewlineEncoder(GetParam()), text, cut), encoded);
        const std::string decoded = decode_model(text, GetParam());
        ASSERT_EQ(decode(text, GetParam()), decoded);
        ASSERT_EQ(run(NewlineDecoder(GetParam()), text, cut), decoded);
    }
}

INSTANTIATE_TEST_SUITE_P(styles, NewlineProperty,
                         testing::Values(Newlines::ftp, Newlines::netascii, Newlines::netascii_keep,
                                         Newlines::netascii_crlf));

TEST(Newline, netascii_is_reversible_and_leaves_no_cr_alone) {
    std::mt19937 random(9);
    for (int i = 0; i < 10'000; ++i) {
        std::string text(random() % 40, '\0');
        for (char& c : text) c = "\r\n\0a"[random() % 4];
        const std::string encoded = encode(text, Newlines::netascii);
        ASSERT_EQ(decode(encoded, Newlines::netascii), text);
        for (std::size_t at = encoded.find('\r'); at != std::string::npos; at = encoded.find('\r', at + 1)) {
            ASSERT_LT(at + 1, encoded.size());
            ASSERT_TRUE(encoded[at + 1] == '\n' || encoded[at + 1] == '\0');
        }
    }
}

// A text without CR survives FTP's way there and back.
TEST(Newline, ftp_is_reversible_for_texts_of_this_machine) {
    std::mt19937 random(10);
    for (int i = 0; i < 10'000; ++i) {
        std::string text(random() % 40, '\0');
        for (char& c : text) c = "\n\0ab"[random() % 4];
        ASSERT_EQ(decode(encode(text)), text);
    }
}

}  // namespace
}  // namespace wherry
