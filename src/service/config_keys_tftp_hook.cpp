// The rows of the list of keys that are about programs with a say in TFTP.
#include <string>
#include <utility>
#include <vector>

#include "service/config_keys.h"

namespace wherry {
namespace {

using namespace fields;
using enum ConfigKey::Change;
using Requests = TftpHookConfig::Requests;
using When = TftpHookConfig::When;

template <class Member>
Field program(Member member) {
    return make("list of texts", "an absolute path, and arguments", member, read_program, show_list);
}

template <class Member>
Field requests(Member member) {
    return make(
        "list of texts", R"("read", "write")", member,
        [](const Value& value) -> Result<Requests> {
            const auto words = read_list(value);
            Requests out{.reads = false};
            for (const std::string& word : words.value_or(std::vector<std::string>())) {
                if (word != "read" && word != "write") {
                    return fail(Code::invalid, "must be [\"read\"], [\"write\"] or both");
                }
                (word == "read" ? out.reads : out.writes) = true;
            }
            if (!out.reads && !out.writes) return fail(Code::invalid, "must be [\"read\"], [\"write\"] or both");
            return out;
        },
        [](const Requests& shown) {
            std::vector<std::string> out;
            if (shown.reads) out.emplace_back("read");
            if (shown.writes) out.emplace_back("write");
            return show_list(out);
        });
}

}  // namespace

std::vector<ConfigKey> tftp_hook_config_keys() {
    return {
        {"tftp.hook.command", restart, program([](auto& c) -> auto& { return c.tftp.hook.command; }),
         "A program that is asked about requests, like [\"/usr/local/lib/wherry/route\", \"--lab\"]: started for each, "
         "without a shell, with JSON on its standard input; docs/tftp-hooks.md. Empty: none."},
        {"tftp.hook.on", restart, requests([](auto& c) -> auto& { return c.tftp.hook.on; }),
         "The requests that it is asked about: downloads, uploads."},
        {"tftp.hook.when", restart,
         choice([](auto& c) -> auto& { return c.tftp.hook.when; },
                std::vector<std::pair<std::string_view, When>>{{"always", When::always}, {"missing", When::missing}}),
         "Whether it is asked about all downloads, or about those alone whose file is not there."},
        {"tftp.hook.after_download", restart, program([](auto& c) -> auto& { return c.tftp.hook.after_download; }),
         "A program that is started after each finished download of a file, as dnsmasq does it: its arguments are "
         "those given here, and then \"tftp\", the size, the client's address and the file's absolute path. Empty: "
         "none."},
    };
}

}  // namespace wherry
