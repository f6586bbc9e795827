// Path::resolve against a model of lists of names, and the arithmetic of paths. Input: the working directory, LF, the
// text.
#include "wherry/path.h"

#include <string>
#include <vector>

#include "core/text.h"
#include "fuzz.h"

namespace {

using wherry::Code;
using wherry::Path;
using wherry::fuzz::require;

void check_invariants(const Path& path) {
    const std::string_view text = path.text();
    require(text.starts_with('/'), "a path is absolute");
    require(text.size() <= Path::max_length, "a path is not too long");
    require(!text.contains('\0'), "a path holds no NUL");
    require(text == "/" || !text.ends_with('/'), "a path ends with a name");
    const auto names = path.components();
    require(names.size() == path.depth() && path.depth() <= Path::max_depth, "a path is not too deep");
    std::string joined;
    for (const std::string_view name : names) {
        require(!name.empty() && name != "." && name != "..", "a name leads nowhere but down");
        require(name.size() <= Path::max_component && !name.contains('/'), "a name is one name");
        joined.append("/").append(name);
    }
    require(joined.empty() ? path.is_root() : joined == text, "a path is its names");
}

void check_arithmetic(const Path& path, const Path& cwd) {
    const auto again = Path::resolve(cwd, path.text());
    require(again && *again == path, "resolving a path gives that path");
    require(path.is_inside(Path()) && path.is_inside(path), "all is inside the root and itself");
    if (path.is_root()) {
        require(path.parent() == path && path.name().empty(), "the root is its own parent");
    } else {
        require(path.parent().child(path.name()) == path, "child undoes parent");
        require(path.is_inside(path.parent()) && !path.parent().is_inside(path), "a path is inside its parent");
    }
    require(path.under(cwd).below(cwd) == path, "below undoes under");
    if (path.is_inside(cwd)) require(path.below(cwd).under(cwd) == path, "under undoes below");
    require(path.name().ends_with(path.extension()), "an extension ends the name");
}

// nullopt where a limit is passed on the way.
bool model(const Path& cwd, std::string_view text, std::string& out) {
    std::vector<std::string_view> names;
    if (!text.starts_with('/')) names = cwd.components();
    for (const std::string_view name : wherry::split(text, '/')) {
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            if (!names.empty()) names.pop_back();
            continue;
        }
        names.push_back(name);
        std::size_t length = 0;
        for (const std::string_view part : names) length += 1 + part.size();
        if (name.size() > Path::max_component || names.size() > Path::max_depth || length > Path::max_length)
            return false;
    }
    for (const std::string_view name : names) out.append("/").append(name);
    if (out.empty()) out = "/";
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 20'000) return 0;  // the model is slow
    wherry::fuzz::Input input(data, size);
    const auto start = Path::resolve(input.until('\n'));
    const Path cwd = start.value_or(Path());
    check_invariants(cwd);

    const std::string_view text = input.rest();
    const auto path = Path::resolve(cwd, text);
    std::string expected;
    if (text.contains('\0')) {
        require(!path && path.error().code == Code::invalid, "a NUL is refused");
    } else if (!model(cwd, text, expected)) {
        require(!path && path.error().code == Code::name_not_allowed, "the limits hold");
    } else {
        require(path && path->text() == expected, "the path is that of the model");
        check_invariants(*path);
        check_arithmetic(*path, cwd);
    }
    return 0;
}
