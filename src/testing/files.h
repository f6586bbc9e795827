#pragma once
// Short ways for tests to write down what is done to a Filesystem.
#include <set>
#include <string>
#include <string_view>

#include "wherry/filesystem.h"

namespace wherry::testing {

// A path that must be one; throws std::invalid_argument else.
Path operator""_p(const char* text, std::size_t size);
Path path_of(std::string_view text);

std::span<const std::byte> bytes_of(std::string_view text);

// Code::ok for a value.
template <class T>
Code code_of(const Result<T>& result) {
    return result ? Code::ok : result.error().code;
}

inline OpenMode uploading() { return {.write = true, .create = true, .truncate = true, .atomic = true}; }

// Opens, writes all of it at offset 0 and closes; the first error.
Result<void> put(Filesystem& filesystem, const Path& path, std::string_view content,
                 const OpenMode& mode = OpenMode::for_writing());
// The whole content of a file.
Result<std::string> get(Filesystem& filesystem, const Path& path);
Result<std::string> get(File& file);
// The names in a directory, read `most` at a time. A name that comes twice is Code::internal.
Result<std::set<std::string>> names(Filesystem& filesystem, const Path& path, std::size_t most = 100);

}  // namespace wherry::testing
