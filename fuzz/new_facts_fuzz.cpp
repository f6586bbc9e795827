// MFF, SITE UTIME, SITE CHOWN, SITE CHMOD.
#include "ftp/new_facts.h"

#include <string>

#include "core/calendar.h"
#include "fuzz.h"

using namespace wherry::ftp;
using wherry::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = wherry::fuzz::text_of(data, size);
    if (const auto facts = parse_new_facts(text)) {
        require(!facts->path.empty() && text.ends_with(facts->path), "the path is the end");
        require(facts->modified || facts->mode, "there is a fact");
        require(!facts->mode || *facts->mode <= 0777, "no set-user-id");
        const std::string said = facts->text();
        const auto again = parse_new_facts(said);
        require(again && again->modified == facts->modified && again->mode == facts->mode,
                "the reply says what is set");
    }
    if (const auto time = parse_utime(text)) {
        require(!time->path.empty() && text.contains(time->path), "the path is a part of it");
        require(time->modified >= wherry::first_second && time->modified <= wherry::last_second,
                "a time of the calendar");
    }
    if (const auto owner = parse_owner(text)) {
        require(text.ends_with(owner->path) && !owner->path.empty(), "the path is the end");
        require(owner->uid != 0xFFFFFFFFU && owner->gid.value_or(0) != 0xFFFFFFFFU, "-1 is no owner");
    }
    if (const auto mode = parse_mode(text)) require(*mode <= 0777, "no set-user-id");
    return 0;
}
