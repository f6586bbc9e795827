// The words of I2FTP: requests taken apart, names put into listings, listings of a server read. Input: any bytes.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "i2ftp/client.h"
#include "i2ftp/words.h"

namespace {

using namespace wherry::i2ftp;
using wherry::fuzz::require;

bool inside(View part, View whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_path(std::string_view name) {
    const auto path = parse_path(name, says::missing);
    if (!path) {
        require(path.error() == says::missing || path.error() == says::bad_path, "a refusal has its words");
        return;
    }
    require(!(std::string(path->text()) + "/").contains("/../"), "a path leads down");
    require(!path->text().contains('\0'), "a path has no NUL");
    require(!name.starts_with('/'), "a path does not begin at the root");
}

void check_request(View message) {
    const auto request = parse_request(message);
    if (!request) return;
    const View payload = request->payload;
    require(inside(payload, message) && inside(view(request->name), message), "a request is in its message");
    check_path(text(payload));
    const UploadTarget target = parse_upload_target(text(payload));
    require(inside(view(target.path), payload), "a target is in the payload");
    require(target.hash.empty() || target.hash.size() == 32 || target.hash.size() == 64, "a hash has its length");
    require(std::all_of(target.hash.begin(), target.hash.end(),
                        [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }),
            "a hash is of lower digits");
    const RangeRequest range = parse_range(payload);
    require(range.id.size() <= id_size && range.start_text.size() <= 8, "an id and an offset have their lengths");
    require(inside(range.id, payload) && inside(range.start_text, payload) && inside(range.data, payload),
            "a range is in the payload");
    const auto operation = parse_file_operation(payload);
    require(!operation || (operation->code >= 0 && operation->code <= 255), "an operation is a byte");
    if (!operation) return;
    for (const std::string_view path : operation->paths) {
        require(inside(view(path), payload) && !path.contains(','), "paths end at commas");
        check_path(path);
    }
}

// What we write into a listing is ASCII, and one member of an object.
void check_listing(std::string_view name) {
    std::string out = "{";
    append_listed(out, name, false, 5, 1'600'000'000, 250'000'000);
    out += '}';
    require(std::all_of(out.begin(), out.end(), [](char c) { return c >= ' ' && c <= '~'; }), "a listing is ASCII");
    const auto listed = parse_listing(out);
    require(listed && listed->size() == 1 && listed->front().size == 5, "a listing reads back");
    // Names with the very characters that stand for single bytes meanwhile are the exception.
    const bool special = name.contains("\xf4\x8f\xb2") || name.contains("\xf4\x8f\xb3");
    require(special || listed->front().name == name, "with the name as it is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(wherry::fuzz::text_of(data, size));
    check_request(view(input));
    check_listing(input);
    [[maybe_unused]] const auto listed = parse_listing(input);
    return 0;
}
