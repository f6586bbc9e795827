#include "wherry/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace wherry {
namespace {

TEST(Result, every_code_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    const int last = static_cast<int>(Code::killed);
    for (int i = 0; i <= last; ++i) names.insert(name_of(static_cast<Code>(i)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
    EXPECT_EQ(names.count("unknown"), 0U);
    EXPECT_EQ(names.count(""), 0U);
    EXPECT_EQ(name_of(Code::tls_truncated), "tls_truncated");
    EXPECT_EQ(name_of(static_cast<Code>(last + 1)), "unknown");
}

struct ErrnoCase {
    int number;
    Code code;
};
class CodeOfErrno : public testing::TestWithParam<ErrnoCase> {};

TEST_P(CodeOfErrno, is) { EXPECT_EQ(code_of_errno(GetParam().number), GetParam().code); }

INSTANTIATE_TEST_SUITE_P(
    table, CodeOfErrno,
    testing::Values(ErrnoCase{ENOENT, Code::not_found}, ErrnoCase{EACCES, Code::denied}, ErrnoCase{EPERM, Code::denied},
                    ErrnoCase{EEXIST, Code::exists}, ErrnoCase{ENOTDIR, Code::not_directory},
                    ErrnoCase{EISDIR, Code::is_directory}, ErrnoCase{ENOTEMPTY, Code::not_empty},
                    ErrnoCase{ENOSPC, Code::no_space}, ErrnoCase{EFBIG, Code::no_space}, ErrnoCase{EDQUOT, Code::quota},
                    ErrnoCase{EROFS, Code::read_only}, ErrnoCase{EBUSY, Code::busy}, ErrnoCase{ETXTBSY, Code::busy},
                    ErrnoCase{ENAMETOOLONG, Code::name_not_allowed}, ErrnoCase{EXDEV, Code::denied},
                    ErrnoCase{ELOOP, Code::denied}, ErrnoCase{EAGAIN, Code::would_block},
                    ErrnoCase{ENOSYS, Code::unsupported}, ErrnoCase{EOPNOTSUPP, Code::unsupported},
                    ErrnoCase{EINVAL, Code::invalid}, ErrnoCase{ECONNRESET, Code::reset}, ErrnoCase{EPIPE, Code::reset},
                    ErrnoCase{ETIMEDOUT, Code::timeout}, ErrnoCase{EIO, Code::io}, ErrnoCase{EMFILE, Code::io},
                    ErrnoCase{ESTALE, Code::io}, ErrnoCase{0, Code::io}, ErrnoCase{-1, Code::io}));

TEST(Result, fail_errno_says_what_to_what_and_why) {
    const Result<int> result = fail_errno(ENOENT, "open", "/a/b");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::not_found);
    EXPECT_EQ(result.error().system, ENOENT);
    EXPECT_EQ(result.error().message, "open /a/b: No such file or directory");
}

TEST(Result, fail_errno_without_an_object) {
    const Result<void> result = fail_errno(EMFILE, "accept", "");
    EXPECT_EQ(result.error().message, "accept: Too many open files");
}

TEST(Result, fail_passes_an_error_on) {
    const Result<int> first = fail(Code::quota, "full", 7);
    const Result<void> second = fail(first.error());
    EXPECT_EQ(second.error().code, Code::quota);
    EXPECT_EQ(second.error().message, "full");
    EXPECT_EQ(second.error().system, 7);
}

}  // namespace
}  // namespace wherry
