#pragma once
// The words between Wherry and the program of tftp.hook.command: JSON both ways. Pure.
//
//   {"op":"read","name":"pxelinux.cfg/default","mapped":"/pxelinux.cfg/default","client":"10.0.0.5",
//    "mac":"00-1b-21-0a-0b-0c","options":{"blksize":"1468"}}
//
// It answers {"file":NAME}, {"content_b64":BASE64}, {"refuse":[CODE,TEXT]}, or {} or nothing at all to let the request
// go on as if nobody had been asked.
#include <cstddef>
#include <string>
#include <string_view>

#include "wherry/result.h"
#include "wherry/tftp.h"

namespace wherry {

inline constexpr std::size_t most_hook_answer = std::size_t{1} << 20U;

// One line of ASCII. Bytes that are not UTF-8 become U+FFFD; a name that has such is there once more, as it is, in
// base64: "name_b64", "mapped_b64". Names of options are in small letters, and of several with one name the first is
// there.
std::string hook_question(const TftpRequest& request);

// Code::invalid says what is wrong with it. A file is a name as clients have it, in the served folders: nothing in the
// answer leads out of them.
Result<TftpAnswer> hook_answer(std::string_view text, bool upload);

}  // namespace wherry
