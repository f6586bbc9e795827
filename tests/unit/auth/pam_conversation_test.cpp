#include "auth/pam_conversation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace wherry {
namespace {

struct Asked {
    int result = 0;
    std::vector<std::string> answers;  // "-" for none
};

// Puts the questions and frees the answers, as modules do.
Asked ask(const std::vector<int>& styles, PamAnswers answers) {
    std::vector<pam_message> messages;
    for (const int style : styles) messages.push_back({style, "?"});
    std::vector<const pam_message*> pointers;
    for (const pam_message& message : messages) pointers.push_back(&message);
    pam_response* responses = nullptr;
    Asked out;
    out.result = wherry_pam_converse(static_cast<int>(styles.size()), pointers.data(), &responses, &answers);
    if (out.result != PAM_SUCCESS) {
        EXPECT_EQ(responses, nullptr);
        return out;
    }
    for (std::size_t i = 0; i < styles.size(); ++i) {
        out.answers.emplace_back(responses[i].resp == nullptr ? "-" : responses[i].resp);
        EXPECT_EQ(responses[i].resp_retcode, 0);
        std::free(responses[i].resp);
    }
    std::free(responses);
    return out;
}

TEST(PamConversation, EchoedQuestionsGetTheNameAndOthersThePassword) {
    const Asked asked = ask({PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_PROMPT_ECHO_OFF}, {"alice", "s3cret"});
    EXPECT_EQ(asked.result, PAM_SUCCESS);
    EXPECT_EQ(asked.answers, (std::vector<std::string>{"s3cret", "alice", "s3cret"}));
}

TEST(PamConversation, WhatIsToBeShownIsSwallowed) {
    const Asked asked = ask({PAM_TEXT_INFO, PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF}, {"alice", "s3cret"});
    EXPECT_EQ(asked.result, PAM_SUCCESS);
    EXPECT_EQ(asked.answers, (std::vector<std::string>{"-", "-", "s3cret"}));
}

TEST(PamConversation, OtherKindsFailIt) {
    EXPECT_EQ(ask({PAM_PROMPT_ECHO_OFF, PAM_BINARY_PROMPT}, {"alice", "s3cret"}).result, PAM_CONV_ERR);
    EXPECT_EQ(ask({PAM_RADIO_TYPE}, {"alice", "s3cret"}).result, PAM_CONV_ERR);
    EXPECT_EQ(ask({99}, {"alice", "s3cret"}).result, PAM_CONV_ERR);
}

TEST(PamConversation, TakesAsManyMessagesAsPamAllowsAndAtLeastOne) {
    EXPECT_EQ(ask(std::vector<int>(PAM_MAX_NUM_MSG, PAM_PROMPT_ECHO_ON), {"a", "b"}).answers.size(),
              static_cast<std::size_t>(PAM_MAX_NUM_MSG));
    EXPECT_EQ(ask(std::vector<int>(PAM_MAX_NUM_MSG + 1, PAM_PROMPT_ECHO_ON), {"a", "b"}).result, PAM_CONV_ERR);
    EXPECT_EQ(ask({}, {"a", "b"}).result, PAM_CONV_ERR);
}

// A password that a zero byte cuts short would be another one.
TEST(PamConversation, AnswersAreWholeOrNone) {
    using namespace std::string_view_literals;
    EXPECT_EQ(ask({PAM_PROMPT_ECHO_OFF}, {"alice", "s3cret\0x"sv}).result, PAM_CONV_ERR);
    const std::string longest(most_pam_answer, 'p');
    EXPECT_EQ(ask({PAM_PROMPT_ECHO_OFF}, {"alice", longest}).answers, std::vector<std::string>{longest});
    EXPECT_EQ(ask({PAM_PROMPT_ECHO_OFF}, {"alice", longest + "p"}).result, PAM_CONV_ERR);
}

}  // namespace
}  // namespace wherry
