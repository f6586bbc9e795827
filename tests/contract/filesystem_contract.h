#pragma once
// What every writable Filesystem must do, as one suite over all of them: the tests of this suite stand in
// filesystem_contract_test.cpp (files; and the list of filesystems), filesystem_upload_test.cpp and
// filesystem_tree_test.cpp.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "support/temp_folder.h"
#include "testing/files.h"

namespace wherry::testing {

struct Backend {
    std::string name;
    std::string base;                                              // where its tree begins, "/" but for what is mounted
    std::function<FilesystemPtr(const std::string& folder)> make;  // `folder` is empty, and the test's own
};
inline void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

class FilesystemContract : public ::testing::TestWithParam<Backend> {
protected:
    // The tests speak of "/..." as the root of the tree under test.
    Path at(std::string_view text) const { return path_of(text).under(path_of(GetParam().base)); }

    Code put(std::string_view path, std::string_view content, const OpenMode& mode = OpenMode::for_writing()) {
        return code_of(testing::put(*fs_, at(path), content, mode));
    }
    // The content, or the name of what went wrong in angle brackets.
    std::string get(std::string_view path) {
        auto content = testing::get(*fs_, at(path));
        return content ? *content : "<" + std::string(name_of(content.error().code)) + ">";
    }
    std::set<std::string> names(std::string_view path) {
        return testing::names(*fs_, at(path)).value_or(std::set<std::string>{"<failed>"});
    }
    Code make_directory(std::string_view path, std::uint32_t mode = 0777) {
        return code_of(fs_->make_directory(at(path), mode));
    }
    Code stat(std::string_view path) { return code_of(fs_->stat(at(path))); }
    Code rename(std::string_view from, std::string_view to) { return code_of(fs_->rename(at(from), at(to))); }
    FilePtr open(std::string_view path, const OpenMode& mode) {
        auto file = fs_->open(at(path), mode);
        if (!file) {
            ADD_FAILURE() << "open " << path << ": " << file.error().message;
            return memory_file("");
        }
        return std::move(*file);
    }
    Code cannot_open(std::string_view path, const OpenMode& mode) { return code_of(fs_->open(at(path), mode)); }

    TempFolder folder_;
    FilesystemPtr fs_ = GetParam().make(folder_.path());
};

inline OpenMode writing() { return {.write = true, .create = true}; }  // what is there stays

}  // namespace wherry::testing
