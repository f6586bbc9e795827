#include "service/hook_words.h"

#include <fmt/format.h>
#include <sodium/utils.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "tftp/names.h"

namespace wherry {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint16_t last_code = 8;  // of RFC 2347

constexpr std::string_view forms =
    R"({"file":NAME}, {"content_b64":BASE64}, {"refuse":[CODE,TEXT]}, or {} to let the request go on)";

std::string base64(std::string_view bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    out.pop_back();  // the NUL
    return out;
}

// Line ends in it are passed over: base64(1) makes them.
Result<std::string> from_base64(std::string_view text) {
    std::string out(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    const int error = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                                        text.size(), "\r\n ", &size, &end, sodium_base64_VARIANT_ORIGINAL);
    if (error != 0 || end != text.data() + text.size()) return fail(Code::invalid, "is not base64");
    out.resize(size);
    return out;
}

void add_name(Json& to, const std::string& key, const std::string& name) {
    to[key] = name;
    if (!valid_utf8(name)) to[key + "_b64"] = base64(name);
}

Result<TftpAnswer> file(std::string_view name) {
    auto path = tftp::path_of_name(name, {.backslash = false, .strip_prefix = {}});
    if (!path) return fail(Code::invalid, fmt::format("\"{}\" is no name in the served folders", for_log(name)));
    return TftpAnswer::file(std::move(*path));
}

Result<TftpAnswer> content(const std::string& text, bool upload) {
    if (upload) return fail(Code::invalid, "only downloads can be answered with content");
    auto bytes = from_base64(text);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    return TftpAnswer::content(std::move(*bytes));
}

Result<TftpAnswer> refusal(const Json& value) {
    const bool right = value.is_array() && value.size() == 2 && value[0].is_number_unsigned() && value[1].is_string();
    if (!right || value[0].get<std::uint64_t>() > last_code) {
        return fail(Code::invalid, "must be [CODE, TEXT] with a code from 0 to 8");
    }
    return TftpAnswer::refuse(value[0].get<std::uint16_t>(), value[1].get<std::string>());
}

Result<TftpAnswer> answer_of(const std::string& key, const Json& value, bool upload) {
    if (key == "refuse") return refusal(value);
    if (key != "file" && key != "file_b64" && key != "content_b64") {
        return fail(Code::invalid, fmt::format("is unknown; known are {}", forms));
    }
    if (!value.is_string()) return fail(Code::invalid, "must be text");
    const auto& text = value.get_ref<const std::string&>();
    if (key == "content_b64") return content(text, upload);
    if (key == "file") return file(text);
    const auto name = from_base64(text);
    if (!name) return std::unexpected(name.error());
    return file(*name);
}

}  // namespace

std::string hook_question(const TftpRequest& request) {
    Json out;
    out["op"] = request.upload ? "write" : "read";
    add_name(out, "name", request.name);
    add_name(out, "mapped", std::string(request.path.text()));
    out["client"] = request.peer;
    out["mac"] = request.mac;
    Json& options = out["options"] = Json::object();
    for (const auto& [name, value] : request.options) options.emplace(lower(name), value);
    return out.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<TftpAnswer> hook_answer(std::string_view text, bool upload) {
    text = trim(text);
    if (text.empty()) return TftpAnswer::pass();
    const Json said = Json::parse(text, nullptr, false);
    if (said.is_discarded() || !said.is_object() || said.size() > 1) {
        return fail(Code::invalid, fmt::format("its answer \"{}\" is none of {}", for_log(text, 64), forms));
    }
    if (said.empty()) return TftpAnswer::pass();
    const std::string& key = said.begin().key();
    auto answer = answer_of(key, said.front(), upload);
    if (!answer) {
        return fail(Code::invalid, fmt::format("its answer: \"{}\" {}", for_log(key, 64), answer.error().message));
    }
    return answer;
}

}  // namespace wherry
