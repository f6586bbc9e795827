// Feeds every file below the folders that are its arguments to one fuzz target, whichever target the file was made for.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz.h"

namespace {

void feed(const std::string& bytes) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int count, char** arguments) {
    std::size_t files = 0;
    feed({});
    for (int i = 1; i < count; ++i) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[i])) {
            if (!entry.is_regular_file()) continue;
            std::printf("%s\n", entry.path().c_str());  // the last line names the culprit if the target ends us
            std::fflush(stdout);
            std::ifstream file(entry.path(), std::ios::binary);
            feed({std::istreambuf_iterator<char>(file), {}});
            ++files;
        }
    }
    if (files == 0) std::fprintf(stderr, "no corpus\n");
    return files == 0 ? 1 : 0;
}
