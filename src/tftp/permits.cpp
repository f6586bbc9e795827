#include "tftp/permits.h"

#include <unistd.h>

#include "tftp/names.h"
#include "tftp/options.h"

namespace wherry::tftp {

Result<void> may_serve(const Settings& settings, std::uint32_t mode, std::uint32_t owner) {
    const WorldReadable rule = settings.world_readable;
    const std::uint32_t self = geteuid();
    if (rule == WorldReadable::owner && owner != self) return fail(Code::denied, "it belongs to somebody else");
    const bool asked = rule == WorldReadable::on || (rule == WorldReadable::automatic && self == 0);
    if (asked && (mode & 0004) == 0) return fail(Code::denied, "others may not read it");
    return {};
}

Result<void> may_store(const WriteRules& rules, const Request& request, const Path& path) {
    if (!name_matches(rules.allow_names, path) || name_matches(rules.deny_names, path)) {
        return fail(Code::denied, "tftp.write.allow_names, deny_names");
    }
    return may_be_as_large(rules.max_size, request);
}

Result<void> may_be_as_large(std::uint64_t most, const Request& request) {
    const auto announced = option_number(request, "tsize");
    const bool counts = request.mode == Mode::octet;
    if (announced && counts && most != 0 && *announced > most) {
        return fail(Code::quota, "it is larger than tftp.write.max_size, or than its handler takes");
    }
    return {};
}

bool asks_others_to_write(const Settings& settings) noexcept {
    return settings.write.mode == WriteMode::existing && settings.world_readable != WorldReadable::off;
}

}  // namespace wherry::tftp
