#include "auth/pam_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include "auth/pam_conversation.h"

namespace wherry {
namespace {

// Delays are the server's business: they grow with the failures of an address, and hold up no worker.
extern "C" void wherry_pam_no_delay(int, unsigned, void*) {}

class Handle {
public:
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (handle_ != nullptr) pam_end(handle_, last_);
    }

    int start(const PamRules& rules, const std::string& name, const pam_conv& conversation) {
        const char* folder = rules.folder.empty() ? nullptr : rules.folder.c_str();
        last_ = pam_start_confdir(rules.service.c_str(), name.c_str(), &conversation, folder, &handle_);
        return last_;
    }
    int set(int item, const void* value) { return last_ = pam_set_item(handle_, item, value); }
    int authenticate() { return last_ = pam_authenticate(handle_, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK); }
    int check_account() { return last_ = pam_acct_mgmt(handle_, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK); }

    std::string name() const {
        const void* value = nullptr;
        if (pam_get_item(handle_, PAM_USER, &value) != PAM_SUCCESS || value == nullptr) return {};
        return static_cast<const char*>(value);
    }
    // pam_strerror(3) takes a handle and does not look at it.
    Error error(const char* doing) const {
        return {kind(), 0, fmt::format("{}: {}", doing, pam_strerror(handle_, last_))};
    }

private:
    // What is not the fault of PAM or its set-up counts as a guess, PAM_SYSTEM_ERR above all: the word of pam_exec for
    // a program that says no.
    Code kind() const {
        switch (last_) {
            case PAM_OPEN_ERR:
            case PAM_SYMBOL_ERR:
            case PAM_SERVICE_ERR:
            case PAM_BUF_ERR:
            case PAM_AUTHINFO_UNAVAIL:
            case PAM_CONV_ERR:
            case PAM_ABORT:
            case PAM_MODULE_UNKNOWN: return Code::io;
            default: return Code::denied;
        }
    }

    pam_handle_t* handle_ = nullptr;
    int last_ = PAM_SUCCESS;
};

// libpam looks for itself, but where it finds nothing it loses memory with each login (1.5.2).
bool has_rules(const PamRules& rules) {
    if (rules.folder.empty()) return true;
    const auto is_there = [&](const std::string& name) {
        return access((rules.folder + "/" + name).c_str(), F_OK) == 0;
    };
    return is_there(rules.service) || is_there("other");
}

}  // namespace

bool fits_pam(const Password& password) {
    const std::string_view text = password.text();
    return !text.empty() && text.size() <= most_pam_answer && text.find('\0') == std::string_view::npos;
}

Result<std::string> check_with_pam(const PamRules& rules, const std::string& name, const Password* password,
                                   const std::string& peer) {
    if (!has_rules(rules)) return fail(Code::io, "PAM has no rules: there is no " + rules.folder + "/" + rules.service);
    PamAnswers answers{name, password != nullptr ? password->text() : std::string_view()};
    const pam_conv conversation{&wherry_pam_converse, &answers};
    Handle pam;
    if (pam.start(rules, name, conversation) != PAM_SUCCESS) return std::unexpected(pam.error("beginning with PAM"));
    if (pam.set(PAM_RHOST, peer.c_str()) != PAM_SUCCESS || pam.set(PAM_TTY, "ftp") != PAM_SUCCESS ||
        pam.set(PAM_FAIL_DELAY, reinterpret_cast<const void*>(&wherry_pam_no_delay)) != PAM_SUCCESS) {
        return std::unexpected(pam.error("telling PAM of the client"));
    }
    if (password != nullptr && pam.authenticate() != PAM_SUCCESS)
        return std::unexpected(pam.error("PAM, of the password"));
    if (pam.check_account() != PAM_SUCCESS) return std::unexpected(pam.error("PAM, of the account"));
    return pam.name();
}

}  // namespace wherry
