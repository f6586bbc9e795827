#pragma once
// Values that several keys of a users file share. Each function complains by itself of what is wrong, and then leaves
// `into` as it was.
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "auth/key_value.h"
#include "wherry/user.h"

namespace wherry {

inline constexpr std::uint64_t most_u32 = std::numeric_limits<std::uint32_t>::max();

void read_flag(const KeyValue& value, bool& into);
void read_letters(const KeyValue& value, Perm& into);
// A place in the user's tree; false if it is none.
bool read_path(const KeyValue& value, Path& into);
// A folder of this machine. Whether it is there is seen when it is opened.
void read_folder(const KeyValue& value, std::string& into);
// Text for replies.
void read_message(const KeyValue& value, std::string& into);
void read_patterns(const KeyValue& value, std::vector<std::string>& into);

// Limits: numbers, or the word "unlimited", which UserLimits has constants for.
bool is_unlimited(const KeyValue& value);
void read_number(const KeyValue& value, std::uint32_t& into);
void read_rate(const KeyValue& value, std::uint64_t& into);
void read_span(const KeyValue& value, std::chrono::seconds& into);  // in seconds
std::uint32_t read_count(const KeyValue& value);                    // 0 if it is wrong

}  // namespace wherry
