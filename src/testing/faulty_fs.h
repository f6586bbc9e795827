#pragma once
// FaultyFilesystem: a filesystem that fails or hangs when a test says so. Wrapped around any other one; operations are
// counted, so that a test can fail the Nth one for N from 0 until the whole thing passes.
//
// An operation is a call of a Filesystem function but can_answer_at_once, of Listing::next, and of File's stat,
// read_at, write_at, truncate and close. A failed close counts for the file below as failed() and close(). Files have
// no descriptor, so that no short cut of the kernel gets around the faults, unless a test asks for them.
//
// All functions may be called from any thread. Files and listings may outlive the filesystem.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "wherry/filesystem.h"

namespace wherry::testing {

class FaultyFilesystem final : public Filesystem {
public:
    explicit FaultyFilesystem(FilesystemPtr inner);
    ~FaultyFilesystem() override;

    // --- faults ----------------------------------------------------------------------------------------------------
    void fail_at(std::uint64_t nth, Code code);    // the nth operation from now, 0 is the next; only that one
    void fail_from(std::uint64_t nth, Code code);  // that one and all after it
    void heal();                                   // no more faults
    std::uint64_t operations() const;              // that were begun since the last of these three calls

    // --- hanging ---------------------------------------------------------------------------------------------------
    // Operations wait until release(), as on a dead network disk. Those that must not wait say would_block meanwhile.
    void hang();
    void release();
    void wait_until_hanging(std::size_t count = 1) const;  // blocks until so many operations hang
    std::size_t hanging() const;

    // --- leaks -----------------------------------------------------------------------------------------------------
    std::size_t open_files() const;  // objects that are not destroyed yet
    std::size_t open_listings() const;
    std::uint64_t reads() const;  // of files, all in all

    // Files have their descriptors once so many have been read from: as if the disk had brought the rest meanwhile.
    void show_descriptors_after(std::uint64_t reads);

    // Off at first: a test that means the network thread's quick way says so. On, the filesystem below is asked.
    void answer_at_once(bool on);

    Result<Stat> stat(const Path& path) override;
    Result<Stat> lstat(const Path& path) override;
    Result<ListingPtr> list(const Path& path, Detail detail) override;
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override;
    Result<void> make_directory(const Path& path, std::uint32_t mode) override;
    Result<void> remove_directory(const Path& path) override;
    Result<void> remove_file(const Path& path) override;
    Result<void> rename(const Path& from, const Path& to) override;
    Result<void> set_mode(const Path& path, std::uint32_t mode) override;
    Result<void> set_modified(const Path& path, std::int64_t seconds) override;
    Result<void> set_created(const Path& path, std::int64_t seconds) override;
    Result<std::string> read_link(const Path& path) override;
    Result<Space> space(const Path& path) override;
    Result<void> set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) override;
    Result<void> make_symlink(const Path& path, const Path& target) override;
    Result<std::string> hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) override;
    bool can_answer_at_once() const noexcept override;
    Result<Stat> stat_at_once(const Path& path) override;

    struct State;  // shared with the files and listings

private:
    FilesystemPtr inner_;
    std::shared_ptr<State> state_;
};

}  // namespace wherry::testing
