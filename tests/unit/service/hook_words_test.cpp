#include "service/hook_words.h"

#include <gtest/gtest.h>

#include <string>

namespace wherry {
namespace {

using namespace std::string_literals;
using Kind = TftpAnswer::Kind;

TftpRequest asked(std::string name, std::string path) {
    TftpRequest request;
    request.name = std::move(name);
    request.path = Path::resolve(path).value();
    request.peer = "10.0.0.5";
    return request;
}

TEST(HookQuestion, tells_what_a_client_has_asked_for) {
    TftpRequest request = asked("boot\\pxelinux.0", "/boot/pxelinux.0");
    request.mac = "00-1b-21-0a-0b-0c";
    request.options = {{"BlkSize", "1468"}, {"tsize", "0"}};
    EXPECT_EQ(hook_question(request),
              R"({"op":"read","name":"boot\\pxelinux.0","mapped":"/boot/pxelinux.0","client":"10.0.0.5",)"
              R"("mac":"00-1b-21-0a-0b-0c","options":{"blksize":"1468","tsize":"0"}})"
              "\n");
    request = asked("up", "/up");
    request.upload = true;
    EXPECT_EQ(hook_question(request),
              R"({"op":"write","name":"up","mapped":"/up","client":"10.0.0.5","mac":"","options":{}})"
              "\n");
}

TEST(HookQuestion, is_one_line_of_ascii_whatever_the_name_is) {
    const std::string said = hook_question(asked("gr\xc3\xbc\xc3\x9f\"e\n\x7f", "/gr\xc3\xbc\xc3\x9f"));
    EXPECT_EQ(said.find('\n'), said.size() - 1);
    for (const char c : said) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 127)) << static_cast<int>(c);
    EXPECT_NE(said.find(R"("name":"gr\u00fc\u00df\"e\n\u007f")"), std::string::npos) << said;
    EXPECT_EQ(said.find("_b64"), std::string::npos) << said;
}

TEST(HookQuestion, has_names_that_are_not_utf8_in_base64_as_well) {
    const std::string said = hook_question(asked("caf\xe9", "/caf\xe9"));
    EXPECT_NE(said.find(R"("name":"caf\ufffd","name_b64":"Y2Fm6Q==")"), std::string::npos) << said;
    EXPECT_NE(said.find(R"("mapped":"/caf\ufffd","mapped_b64":"L2NhZuk=")"), std::string::npos) << said;
}

TEST(HookQuestion, has_the_first_of_several_options_with_one_name) {
    TftpRequest request = asked("a", "/a");
    request.options = {{"tsize", "1"}, {"TSIZE", "2"}, {"x\xff", "y\xff"}};
    const std::string said = hook_question(request);
    EXPECT_NE(said.find(R"("options":{"tsize":"1","x\ufffd":"y\ufffd"})"), std::string::npos) << said;
}

TEST(HookAnswer, may_be_nothing_at_all) {
    for (const auto* text : {"", " \n", "{}", " { }\n"}) {
        for (const bool upload : {false, true}) EXPECT_EQ(hook_answer(text, upload).value().kind(), Kind::pass) << text;
    }
}

TEST(HookAnswer, names_a_file_as_clients_do) {
    for (const bool upload : {false, true}) {
        const auto answer = hook_answer("{\"file\": \"lab//x.0\"}\n", upload).value();
        EXPECT_EQ(answer.kind(), Kind::file);
        EXPECT_EQ(answer.path().text(), "/lab/x.0");
    }
    EXPECT_EQ(hook_answer(R"({"file":"/a\\b"})", false).value().path().text(), "/a\\b");
    EXPECT_EQ(hook_answer(R"({"file_b64":"L2NhZuk="})", false).value().path().text(), "/caf\xe9");
}

TEST(HookAnswer, never_names_a_file_outside) {
    for (const auto* text : {R"({"file":""})", R"({"file":"/"})", R"({"file":"../etc/passwd"})", R"({"file":"a/../b"})",
                             R"({"file":"a\u0000b"})", R"({"file_b64":"Li4="})", R"({"file":7})", R"({"file":null})"}) {
        EXPECT_EQ(hook_answer(text, false).error().code, Code::invalid) << text;
    }
}

TEST(HookAnswer, has_content_for_downloads_alone) {
    const auto answer = hook_answer(R"({"content_b64":"aGVsbG8K"})", false).value();
    EXPECT_EQ(answer.kind(), Kind::content);
    EXPECT_EQ(answer.text(), "hello\n");
    EXPECT_EQ(hook_answer("{\"content_b64\":\"aGVs\\nbG8K\\n\"}", false).value().text(), "hello\n");
    EXPECT_EQ(hook_answer(R"({"content_b64":""})", false).value().text(), "");
    EXPECT_EQ(hook_answer(R"({"content_b64":"AP8="})", false).value().text(), "\0\xff"s);
    EXPECT_NE(hook_answer(R"({"content_b64":"aGVsbG8K"})", true).error().message.find("only downloads"),
              std::string::npos);
    for (const auto* text : {R"({"content_b64":"aGVsbG8"})", R"({"content_b64":"hello!"})", R"({"content_b64":[]})"}) {
        EXPECT_EQ(hook_answer(text, false).error().code, Code::invalid) << text;
    }
}

TEST(HookAnswer, refuses) {
    const auto answer = hook_answer(R"({"refuse":[2,"Not you"]})", true).value();
    EXPECT_EQ(answer.kind(), Kind::refuse);
    EXPECT_EQ(answer.code(), 2);
    EXPECT_EQ(answer.text(), "Not you");
    for (const auto* text :
         {R"({"refuse":[9,"x"]})", R"({"refuse":[-1,"x"]})", R"({"refuse":["2","x"]})", R"({"refuse":[2]})",
          R"({"refuse":"no"})", R"({"refuse":[2,"x",3]})", R"({"refuse":[1.5,"x"]})", R"({"refuse":[65538,"x"]})"}) {
        EXPECT_EQ(hook_answer(text, false).error().code, Code::invalid) << text;
    }
}

TEST(HookAnswer, that_is_none_says_what_it_should_be) {
    for (const auto* text : {"hello", "[]", "7", "{\"file\":\"a\"", R"({"file":"a"} x)", "\xff", R"({"a":1,"b":2})",
                             R"({"file":"a","refuse":[1,"b"]})", R"({"path":"a"})"}) {
        const auto answer = hook_answer(text, false);
        ASSERT_FALSE(answer) << text;
        EXPECT_NE(answer.error().message.find("content_b64"), std::string::npos) << answer.error().message;
    }
}

// Nested as deep as the longest answer allows: a parser that calls itself for each level would not come back.
TEST(HookAnswer, of_any_depth) {
    EXPECT_FALSE(hook_answer(std::string(most_hook_answer, '['), false));
    const std::string half(most_hook_answer / 2 - 10, '[');
    EXPECT_FALSE(hook_answer("{\"a\":" + half + std::string(half.size(), ']') + "}", false));
}

}  // namespace
}  // namespace wherry
