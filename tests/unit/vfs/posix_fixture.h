#pragma once
// A PosixFilesystem over a folder of the test's own, in both ways of resolving paths.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing/files.h"
#include "unit/vfs/outside.h"

namespace wherry::testing {

class PosixFixture : public ::testing::TestWithParam<bool> {
protected:
    FilesystemPtr make(PosixOptions options = {}) const {
        options.use_openat2 = GetParam();
        return posix_filesystem(outside_.root(), options).value();
    }
    // The same folder for somebody whom modes concern: ourselves or, since root may do all, an account without rights
    // to whom all that is in it by now belongs.
    FilesystemPtr make_for_somebody() const {
        if (::geteuid() != 0) return fs_;
        constexpr std::uint32_t nobody = 65534;
        for (const std::string& name : {outside_.path(""), outside_.root()}) {
            EXPECT_EQ(::chown(name.c_str(), nobody, nobody), 0);
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(outside_.root())) {
            EXPECT_EQ(::lchown(entry.path().c_str(), nobody, nobody), 0);
        }
        return make({.as = SystemIdentity{nobody, nobody, {}}});
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

// Of the parameter: true is openat2(2), where the kernel has it.
inline std::string way_of(const ::testing::TestParamInfo<bool>& chosen) { return chosen.param ? "openat2" : "walk"; }

}  // namespace wherry::testing
