#include "wherry/result.h"

#include <cerrno>
#include <system_error>

namespace wherry {

std::string_view name_of(Code code) noexcept {
    switch (code) {
        case Code::ok: return "ok";
        case Code::not_found: return "not_found";
        case Code::denied: return "denied";
        case Code::exists: return "exists";
        case Code::not_directory: return "not_directory";
        case Code::is_directory: return "is_directory";
        case Code::not_regular: return "not_regular";
        case Code::not_empty: return "not_empty";
        case Code::name_not_allowed: return "name_not_allowed";
        case Code::no_space: return "no_space";
        case Code::quota: return "quota";
        case Code::read_only: return "read_only";
        case Code::busy: return "busy";
        case Code::unsupported: return "unsupported";
        case Code::invalid: return "invalid";
        case Code::not_mine: return "not_mine";
        case Code::would_block: return "would_block";
        case Code::io: return "io";
        case Code::internal: return "internal";
        case Code::aborted: return "aborted";
        case Code::reset: return "reset";
        case Code::closed: return "closed";
        case Code::tls_truncated: return "tls_truncated";
        case Code::timeout: return "timeout";
        case Code::killed: return "killed";
    }
    return "unknown";
}

Code code_of_errno(int number) noexcept {
    switch (number) {
        case ENOENT: return Code::not_found;
        case EACCES:
        case EPERM: return Code::denied;
        case EEXIST: return Code::exists;
        case ENOTDIR: return Code::not_directory;
        case EISDIR: return Code::is_directory;
        case ENOTEMPTY: return Code::not_empty;
        case EFBIG:  // beyond what the filesystem, or a limit of the process, lets a file grow to
        case ENOSPC: return Code::no_space;
        case EDQUOT: return Code::quota;
        case EROFS: return Code::read_only;
        case EBUSY:
        case ETXTBSY: return Code::busy;
        case ENAMETOOLONG: return Code::name_not_allowed;
        // What openat2(2) says of a step that would lead out of the served folder.
        case EXDEV:
        case ELOOP: return Code::denied;
        case EAGAIN: return Code::would_block;
        case ENOSYS:
        case EOPNOTSUPP: return Code::unsupported;
        case EINVAL: return Code::invalid;
        case ECONNRESET:
        case EPIPE: return Code::reset;
        case ETIMEDOUT: return Code::timeout;
        default: return Code::io;
    }
}

std::unexpected<Error> fail_errno(int number, std::string_view doing, std::string_view to) {
    std::string message(doing);
    if (!to.empty()) message.append(" ").append(to);
    message.append(": ").append(std::generic_category().message(number));
    return fail(code_of_errno(number), std::move(message), number);
}

}  // namespace wherry
