#include "access/open_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "vfs/posix_file.h"

namespace wherry {
namespace {

struct HashOfVersion {
    std::size_t operator()(const FileVersion& version) const noexcept { return version.hash(); }
};

// A File is used by one thread at a time, and these are used by many: all but the end goes by the descriptor alone.
class SharedFile final : public File {
public:
    explicit SharedFile(std::shared_ptr<const File> file) : file_(std::move(file)) {}

    Result<Stat> stat() override {
        struct stat about{};
        if (!file_ || ::fstat(descriptor(), &about) != 0) return fail_errno(file_ ? errno : EBADF, "reading", "a file");
        return vfs::stat_of(about);
    }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
        return vfs::read_all(descriptor(), offset, into, {});
    }
    Result<void> close() override {
        file_.reset();
        return {};
    }
    int descriptor() const noexcept override { return file_ ? file_->descriptor() : -1; }

private:
    std::shared_ptr<const File> file_;
};

}  // namespace

struct OpenFiles::Table {
    std::mutex mutex;
    std::unordered_map<FileVersion, std::weak_ptr<const File>, HashOfVersion> files;

    // After the last use of a file; another one may have its place already.
    void leave(const FileVersion& version) {
        const std::lock_guard lock(mutex);
        const auto found = files.find(version);
        if (found != files.end() && found->second.expired()) files.erase(found);
    }
};

OpenFiles::OpenFiles() : table_(std::make_shared<Table>()) {}
OpenFiles::~OpenFiles() = default;

FilePtr OpenFiles::share(const FileVersion& version, FilePtr& file) {
    if (file->descriptor() < 0) return nullptr;
    std::shared_ptr<const File> shared;
    {
        const std::lock_guard lock(table_->mutex);
        std::weak_ptr<const File>& place = table_->files[version];
        shared = place.lock();
        if (!shared) {
            const auto leave = [table = table_, version](const File* last) {
                table->leave(version);
                delete last;
            };
            place = shared = std::shared_ptr<const File>(file.release(), leave);
        }
    }
    return std::exchange(file, std::make_unique<SharedFile>(std::move(shared)));
}

std::size_t OpenFiles::count() const {
    const std::lock_guard lock(table_->mutex);
    return table_->files.size();
}

}  // namespace wherry
