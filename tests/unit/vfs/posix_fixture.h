#pragma once
// A PosixFilesystem over a folder of the test's own, in both ways of resolving paths.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "testing/files.h"
#include "unit/vfs/outside.h"

namespace wherry::testing {

class PosixFixture : public ::testing::TestWithParam<bool> {
protected:
    FilesystemPtr make(PosixOptions options = {}) const {
        options.use_openat2 = GetParam();
        return posix_filesystem(outside_.root(), options).value();
    }
    static Code open(Filesystem& filesystem, const Path& path, const OpenMode& mode = OpenMode::for_reading()) {
        return code_of(filesystem.open(path, mode));
    }
    std::uint32_t mode(const std::string& name) const {
        struct stat about{};
        EXPECT_EQ(::lstat(outside_.root(name).c_str(), &about), 0);
        return about.st_mode & 07777;
    }

    Outside outside_;
    FilesystemPtr fs_ = make();
};

inline OpenMode uploading() { return {.write = true, .create = true, .truncate = true, .atomic = true}; }

// Of the parameter: true is openat2(2), where the kernel has it.
inline std::string way_of(const ::testing::TestParamInfo<bool>& chosen) { return chosen.param ? "openat2" : "walk"; }

}  // namespace wherry::testing
