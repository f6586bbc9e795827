#pragma once
// What PAM is told when it asks. The only header that includes PAM's: it is for pam_check.cpp and its test.
#include <security/pam_appl.h>

#include <cstddef>
#include <string_view>

namespace wherry {

// The longest answer that modules have to take, without its end (PAM_MAX_RESP_SIZE).
inline constexpr std::size_t most_pam_answer = PAM_MAX_RESP_SIZE - 1;

struct PamAnswers {
    std::string_view name;      // to questions that are echoed
    std::string_view password;  // to those that are not
};

// The conversation function of pam_conv(3); `answers` is a PamAnswers. What modules want to be shown is nobody's to see
// and gets an empty answer; any other kind of message fails the conversation, and so do more messages than PAM allows,
// or an answer that is longer than most_pam_answer or that a zero byte would cut short. Answers are PAM's to free.
extern "C" int wherry_pam_converse(int count, const pam_message** messages, pam_response** responses, void* answers);

}  // namespace wherry
