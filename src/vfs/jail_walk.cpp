#include "vfs/jail_walk.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <vector>

namespace wherry::vfs {

namespace {

Got<Descriptor> open_at(int directory, const char* name, int flags, mode_t mode = 0) {
    while (true) {
        const int number = ::openat(directory, name, flags, mode);
        if (number >= 0) return Descriptor(number);
        if (errno != EINTR) return std::unexpected(errno);
    }
}

class Walk {
public:
    Walk(int root, bool follow, int flags, mode_t mode) : root_(root), follow_(follow), flags_(flags), mode_(mode) {}

    Got<Descriptor> run(std::string_view relative) {
        if (relative.empty()) return std::unexpected(ENOENT);
        if (relative.front() == '/') return std::unexpected(EXDEV);
        push(relative);
        while (!rest_.empty()) {
            const std::string name = std::move(rest_.back());
            rest_.pop_back();
            if (name == ".." && !climb()) return std::unexpected(EXDEV);
            if (name == "." || name == "..") continue;
            if (rest_.empty()) {
                if (auto end = finish(name.c_str())) return std::move(*end);
            } else if (const int error = enter(name.c_str()); error != 0) {
                return std::unexpected(error);
            }
        }
        return open_at(here(), ".", flags_);
    }

private:
    // Puts the components of `text` before what is still to be walked. A slash at the end asks for a directory, as a
    // "." there does.
    void push(std::string_view text) {
        if (text.ends_with('/')) rest_.emplace_back(".");
        while (!text.empty()) {
            const std::size_t slash = text.rfind('/');
            const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
            if (begin < text.size()) rest_.emplace_back(text.substr(begin));
            text = text.substr(0, begin == 0 ? 0 : slash);
        }
    }

    int here() const { return stack_.empty() ? root_ : stack_.back().get(); }

    bool climb() {
        if (stack_.empty()) return false;
        stack_.pop_back();
        return true;
    }

    // Into a directory, or puts the target of a symlink before the rest. 0 or an errno.
    int enter(const char* name) {
        auto directory = open_at(here(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory) {
            stack_.push_back(std::move(*directory));
            return 0;
        }
        if (directory.error() != ENOTDIR) return directory.error();
        const auto target = read_link_at(here(), name);
        if (!target) return target.error() == EINVAL ? ENOTDIR : target.error();
        return expand(*target);
    }

    // Opens the last component; nullopt if it was a symlink, whose target is to be walked now.
    std::optional<Got<Descriptor>> finish(const char* name) {
        auto got = open_at(here(), name, flags_ | O_NOFOLLOW, mode_);
        const bool link_itself = (flags_ & O_NOFOLLOW) != 0;
        if (!got) {
            // O_DIRECTORY makes ENOTDIR of the ELOOP that O_NOFOLLOW says of a symlink.
            const bool perhaps_link = got.error() == ELOOP || (got.error() == ENOTDIR && (flags_ & O_DIRECTORY) != 0);
            if (!perhaps_link || link_itself) return got;
            const auto target = read_link_at(here(), name);
            if (!target) return std::unexpected(target.error() == EINVAL ? got.error() : target.error());
            return expanded(*target);
        }
        if ((flags_ & O_PATH) == 0 || link_itself) return got;
        struct stat about{};
        if (::fstat(got->get(), &about) != 0) return std::unexpected(errno);
        if (!S_ISLNK(about.st_mode)) return got;
        const auto target = read_link_at(got->get(), "");
        if (!target) return std::unexpected(target.error());
        return expanded(*target);
    }

    std::optional<Got<Descriptor>> expanded(const std::string& target) {
        if (const int error = expand(target); error != 0) return std::unexpected(error);
        return std::nullopt;
    }

    int expand(const std::string& target) {
        if (!follow_ || ++links_ > most_links) return ELOOP;
        if (target.empty()) return ENOENT;
        if (target.front() == '/') return EXDEV;
        push(target);
        return 0;
    }

    int root_;
    bool follow_;
    int flags_;
    mode_t mode_;
    int links_ = 0;
    std::vector<std::string> rest_;  // components still to be walked, the next one at the back
    std::vector<Descriptor> stack_;  // the directories between the root and here, at most as many as the tree is deep
};

}  // namespace

Got<Descriptor> walk(int root, bool follow, const char* relative, int flags, mode_t mode) {
    return Walk(root, follow, flags, mode).run(relative);
}

Got<std::string> read_link_at(int directory, const char* name) {
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlinkat(directory, name, target.data(), target.size());
    // On the descriptor itself (an empty name) the kernel says ENOENT where it says EINVAL of a name.
    if (size < 0) return std::unexpected(*name == '\0' && errno == ENOENT ? EINVAL : errno);
    return std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace wherry::vfs
