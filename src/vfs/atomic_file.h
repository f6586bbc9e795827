#pragma once
// AtomicFile: an upload that is written aside and gets its name only when it is complete.
//
// It is written to ".wherry-<16 hexadecimal digits>.part" in the directory of its target: the same filesystem, so that
// the rename at the end is one step, and a plain file rather than an O_TMPFILE, so that a server that is killed leaves
// a file that can be recognised, and the target as it was. Such names are hidden from listings and refused to clients.
// While the upload lives, its file is locked (flock(2)); one without the lock is a leftover of a server that died, and
// goes with its directory (remove_leftovers).
//
// A target that exists keeps its permission bits; it does not keep its owner, its extended attributes and its other
// hard links, since a new file takes its place. It must be writable all the same, so that an atomic upload may do no
// more than a plain one.
#include <string>
#include <string_view>

#include "vfs/jail.h"
#include "vfs/posix_file.h"

namespace wherry::vfs {

bool is_part_name(std::string_view name) noexcept;
std::string new_part_name();

// Removes what dead servers left of uploads in directory `name`, if there is nothing else in it. False if there is, or
// if one of the uploads lives.
bool remove_leftovers(int parent, const char* name);

class AtomicFile final : public PosixFile {
public:
    // `place` is where the upload will stand; `path` how the client calls it. Without mode.truncate the file begins as
    // a copy of what is there, which takes its time for a large one.
    static Result<FilePtr> begin(Place place, const Path& path, const OpenMode& mode, const PosixOptions& options);
    ~AtomicFile() override;

    // Publishes the upload: rename(2), with RENAME_NOREPLACE if it was to be exclusive. When that cannot be done, or
    // after failed(), the upload is dropped or kept as partial.
    Result<void> close() override;

private:
    AtomicFile(Descriptor descriptor, const struct stat& made, Use use, const Path& path, Place place, std::string part,
               const OpenMode& mode);
    Result<void> publish();
    int rename_new() const;
    void abandon() noexcept;

    Place place_;
    std::string part_;
    bool exclusive_;
    bool keep_partial_;
    bool sync_;
};

}  // namespace wherry::vfs
