#include "access/commons.h"

namespace wherry {

UploadPolicy UploadPolicy::with(const UserUploads& user) const {
    return {.atomic = user.atomic.value_or(atomic),
            .keep_partial = user.keep_partial.value_or(keep_partial),
            .drop_broken = user.drop_broken.value_or(drop_broken),
            .overwrite = user.overwrite.value_or(overwrite),
            .free_space_floor = user.free_space_floor.value_or(free_space_floor),
            .file_mode = user.file_mode.value_or(file_mode),
            .directory_mode = user.directory_mode.value_or(directory_mode)};
}

}  // namespace wherry
