#include "auth/pam_conversation.h"

#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

namespace wherry {
namespace {

// malloc(3), since modules free(3) it.
char* copy_of(std::string_view text) {
    if (text.size() > most_pam_answer || text.find('\0') != std::string_view::npos) return nullptr;
    auto* out = static_cast<char*>(std::calloc(text.size() + 1, 1));
    if (out != nullptr && !text.empty()) std::memcpy(out, text.data(), text.size());
    return out;
}

bool answer(const pam_message& message, const PamAnswers& answers, pam_response& out) {
    switch (message.msg_style) {
        case PAM_PROMPT_ECHO_OFF: out.resp = copy_of(answers.password); return out.resp != nullptr;
        case PAM_PROMPT_ECHO_ON: out.resp = copy_of(answers.name); return out.resp != nullptr;
        case PAM_ERROR_MSG:
        case PAM_TEXT_INFO: return true;
        default: return false;
    }
}

void wipe(std::span<pam_response> responses) {
    for (pam_response& one : responses) {
        if (one.resp == nullptr) continue;
        sodium_memzero(one.resp, std::strlen(one.resp));
        std::free(one.resp);
    }
}

}  // namespace

extern "C" int wherry_pam_converse(int count, const pam_message** messages, pam_response** responses, void* answers) {
    if (count <= 0 || count > PAM_MAX_NUM_MSG || messages == nullptr || responses == nullptr) return PAM_CONV_ERR;
    const auto size = static_cast<std::size_t>(count);
    auto* out = static_cast<pam_response*>(std::calloc(size, sizeof(pam_response)));
    if (out == nullptr) return PAM_BUF_ERR;
    for (std::size_t i = 0; i < size; ++i) {
        if (answer(*messages[i], *static_cast<const PamAnswers*>(answers), out[i])) continue;
        wipe({out, size});
        std::free(out);
        return PAM_CONV_ERR;
    }
    *responses = out;
    return PAM_SUCCESS;
}

}  // namespace wherry
