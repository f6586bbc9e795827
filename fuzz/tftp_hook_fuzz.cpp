// What the program of tftp.hook.command is asked, and what it answers. Input: a name of a client's, a NUL, an answer.
#include <nlohmann/json.hpp>
#include <string>

#include "core/text.h"
#include "fuzz.h"
#include "service/hook_words.h"
#include "tftp/names.h"

namespace {

using namespace wherry;
using wherry::fuzz::require;

// Whatever a client calls its file, the program has the name, and can give it back.
void ask(std::string_view name) {
    const auto path = tftp::path_of_name(name, {.backslash = false, .strip_prefix = {}});
    if (!path) return;
    TftpRequest request;
    request.name = name;
    request.path = *path;
    request.options = {{std::string(name), "1"}, {"tsize", std::string(name)}};
    const std::string line = hook_question(request);
    require(line.find('\n') == line.size() - 1, "a question is one line");
    for (const char c : line) require(c == '\n' || (c >= ' ' && c < 127), "a question is ASCII");
    const auto said = nlohmann::json::parse(line, nullptr, false);
    require(said.is_object(), "a question is an object of JSON");
    require(said.contains("name_b64") != valid_utf8(name), "bytes that are no text have their base64");
    nlohmann::json back;
    if (said.contains("name_b64")) {
        back["file_b64"] = said["name_b64"];
    } else {
        back["file"] = said["name"];
    }
    const auto answer = hook_answer(back.dump(), false);
    require(answer && answer->path() == *path, "a name comes back as it was");
}

void answer(std::string_view text, bool upload) {
    using Kind = TftpAnswer::Kind;
    const auto said = hook_answer(text, upload);
    if (!said) {
        require(said.error().code == Code::invalid && !has_control(said.error().message),
                "a mistake is told in a line");
        return;
    }
    switch (said->kind()) {
        case Kind::pass: break;
        case Kind::file: require(!said->path().is_root(), "a file is no folder of all"); break;
        case Kind::content: require(!upload && said->text().size() <= text.size(), "content is what came"); break;
        case Kind::refuse: require(said->code() <= 8, "a code is one of TFTP"); break;
        default: require(false, "no other answer");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    ask(input.until('\0'));
    const std::string_view text = input.rest();
    answer(text, false);
    answer(text, true);
    return 0;
}
