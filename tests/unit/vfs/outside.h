#pragma once
// A served folder with something beside it that must never be seen or changed.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "support/temp_folder.h"

namespace wherry::testing {

inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// root/ is served; outside/ is not.
class Outside {
public:
    Outside() {
        folder_.make_directory("root");
        folder_.make_directory("outside/directory");
        folder_.write("outside/secret", "the secret");
        folder_.write("outside/directory/file", "another secret");
        before_ = look();
    }

    std::string root() const { return folder_.path("root"); }
    std::string root(const std::string& name) const { return root() + "/" + name; }
    std::string path(const std::string& name) const { return folder_.path(name); }
    std::string write(const std::string& name, const std::string& content) const {
        return folder_.write("root/" + name, content);
    }
    void make_directory(const std::string& name) const { folder_.make_directory("root/" + name); }
    void symlink(const std::string& target, const std::string& name) const {
        std::filesystem::create_symlink(target, root(name));
    }

    // True if all but the served folder is as it was.
    bool is_untouched() const { return look() == before_; }

private:
    // Name -> everything that somebody could have changed of it.
    std::map<std::string, std::string> look() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            found[entry.path().string()] = "there";
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path("outside"))) {
            found[entry.path().string()] = describe(entry.path().string());
        }
        found["outside"] = describe(folder_.path("outside"));
        return found;
    }

    static std::string describe(const std::string& path) {
        struct stat about{};
        if (::lstat(path.c_str(), &about) != 0) return "gone";
        std::string text = std::to_string(about.st_ino) + " " + std::to_string(about.st_mode) + " " +
                           std::to_string(about.st_nlink) + " " + std::to_string(about.st_mtim.tv_sec) + " " +
                           std::to_string(about.st_mtim.tv_nsec);
        return S_ISREG(about.st_mode) ? text + " " + read_file(path) : text;
    }

    TempFolder folder_;
    std::map<std::string, std::string> before_;
};

}  // namespace wherry::testing
