#pragma once
// A folder of its own for one test, gone with all that is in it when the test ends.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wherry::testing {

class TempFolder {
public:
    TempFolder() {
        path_ = (std::filesystem::temp_directory_path() / "wherry-test-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::string& path() const noexcept { return path_; }
    std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

    std::string write(std::string_view name, std::string_view content) const {
        std::ofstream(path(name), std::ios::binary | std::ios::trunc) << content;
        return path(name);
    }
    std::string make_directory(std::string_view name) const {
        std::filesystem::create_directories(path(name));
        return path(name);
    }

private:
    std::string path_;
};

}  // namespace wherry::testing
