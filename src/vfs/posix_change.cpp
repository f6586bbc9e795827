// PosixFilesystem::set_owner and make_symlink.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "vfs/atomic_file.h"
#include "vfs/checks.h"
#include "vfs/posix_fs.h"

namespace wherry::vfs {

namespace {

// From the directory of `link` to `target`: never absolute, since in the jail "/" is not where the kernel has it.
std::string relative_target(const Path& link, const Path& target) {
    const Path directory = link.parent();
    const auto from = directory.components();
    const auto to = target.components();
    std::size_t same = 0;
    while (same < from.size() && same < to.size() && from[same] == to[same]) ++same;
    std::string text;
    for (std::size_t i = same; i < from.size(); ++i) text += text.empty() ? ".." : "/..";
    for (std::size_t i = same; i < to.size(); ++i) text.append(text.empty() ? "" : "/").append(to[i]);
    return text.empty() ? "." : text;
}

}  // namespace

Result<void> PosixFilesystem::set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) {
    struct stat about{};
    const auto object = open_object(path, "change owner of", about);
    if (!object) return fail(object.error());
    if (kind_of(about.st_mode) == Kind::other) return refuse(Code::not_regular, "change owner of", path);
    const auto group = gid ? static_cast<gid_t>(*gid) : static_cast<gid_t>(-1);
    if (::fchownat(object->get(), "", uid, group, AT_EMPTY_PATH) != 0) {
        return refused(errno, "change owner of", path.text());
    }
    return {};
}

Result<void> PosixFilesystem::make_symlink(const Path& path, const Path& target) {
    if (path.is_root()) return refuse(Code::exists, "make symlink", path);
    for (const Path* name : {&path, &target}) {
        if (is_part_name(name->name())) return refuse(Code::name_not_allowed, "make symlink", *name);
    }
    const auto place = jail_.place_of(path);
    if (!place) return refused(place.error(), "make symlink", path.text());
    const std::string text = relative_target(path, target);
    if (::symlinkat(text.c_str(), place->directory.get(), place->name.c_str()) != 0) {
        return refused(errno, "make symlink", path.text());
    }
    return {};
}

}  // namespace wherry::vfs
