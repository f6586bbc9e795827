// The rows of the list of keys that are about names of TFTP.
#include "service/config_keys.h"

#include <vector>

namespace wherry {

using namespace fields;
using enum ConfigKey::Change;
using tftp::Case;
using tftp::ClientRoot;
using tftp::Macros;
using tftp::RegexEngine;

std::vector<ConfigKey> tftp_name_config_keys() {
    return {
        {"tftp.names.backslash", live, flag([](auto& c) -> auto& { return c.tftp.settings.names.backslash; }),
         "Whether a backslash in a name is a slash."},
        {"tftp.names.case", live,
         choice([](auto& c) -> auto& { return c.tftp.settings.names.letters; },
                Words<Case>{{"exact", Case::exact}, {"lower", Case::lower}, {"insensitive", Case::insensitive}}),
         "Whether names are made lower-case; \"insensitive\": whether downloads find files whose names differ in ASCII "
         "letters, capital or small, where none has the name itself."},
        {"tftp.names.accept_full_path", live, flag([](auto& c) -> auto& { return c.tftp.accept_full_path; }),
         "Whether names may begin with the path of a root on this machine."},
        {"tftp.names.strip_prefix", live,
         texts([](auto& c) -> auto& { return c.tftp.settings.names.strip_prefix; }, "list of texts"),
         "Folders that clients put in front of names, like \"/tftpboot\", and that are taken away."},
        {"tftp.names.map_file", live, place("file", [](auto& c) -> auto& { return c.tftp.map_file; }),
         "Rules that change names, in the form of tftpd-hpa's map files. `wherry map-test` "
         "tries it. Empty: none."},
        {"tftp.names.macros", live,
         choice([](auto& c) -> auto& { return c.tftp.settings.map.macros; },
                Words<Macros>{{"hpa", Macros::hpa}, {"extended", Macros::extended}}),
         "What the patterns of the map file know: what tftpd-hpa's do, or also \"\\m\" (the client's hardware address, "
         "like \"00-1b-21-0a-0b-0c\"; nothing if it is not known), \"\\n\" (the interface that the request came by) "
         "and \"\\l\" (the address that it was sent to)."},
        {"tftp.names.regex_engine", live,
         choice([](auto& c) -> auto& { return c.tftp.settings.map.engine; },
                Words<RegexEngine>{{"linear", RegexEngine::linear}, {"posix", RegexEngine::posix}}),
         "How the regular expressions of the map file are looked for: in time linear in the name, or by the C library "
         "as in tftpd-hpa. \"posix\" knows back-references, may take exponential time for a name, and refuses names "
         "longer than 256 bytes."},
        {"tftp.names.pattern_file", live, place("file", [](auto& c) -> auto& { return c.tftp.pattern_file; }),
         "Other names for downloads of what is not there, in the form of atftpd's pattern files: the first regular "
         "expression that matches. Empty: none."},
        {"tftp.names.netascii_crlf", live,
         words([](auto& c) -> auto& { return c.tftp.settings.keep_crlf; }, "encode", "keep"),
         "What a CRLF in a text file is for clients that ask for text: \"encode\": two characters, which they have as "
         "they are here; \"keep\": the end of a line, like an LF."},
        {"tftp.names.host_eol", live, words([](auto& c) -> auto& { return c.tftp.settings.crlf_files; }, "lf", "crlf"),
         "The line ends of text files on this machine. With \"crlf\", text is sent and stored with those it has."},
        {"tftp.names.client_root", live,
         choice([](auto& c) -> auto& { return c.tftp.settings.client_root; },
                Words<ClientRoot>{{"off", ClientRoot::off}, {"ip", ClientRoot::ip}, {"mac", ClientRoot::mac}}),
         "Whether a client has, where it exists, the folder of a root that is named after its address (\"10.0.0.5\") "
         "or hardware address (\"00-1b-21-0a-0b-0c\") instead of the root. Hardware "
         "addresses are known of clients on the same link alone, and by IPv6 not always at their first request."},
        {"tftp.names.lease_file", live, place("file", [](auto& c) -> auto& { return c.tftp.lease_file; }),
         "The leases of dnsmasq, like \"/var/lib/misc/dnsmasq.leases\": they tell the hardware addresses of clients "
         "that the kernel does not know, as of those behind a router, by IPv4. It is read again when it has changed. "
         "Empty: none."},
        {"tftp.names.client_root_only", live, flag([](auto& c) -> auto& { return c.tftp.settings.client_root_only; }),
         "Whether a client without such a folder is refused."},
        {"tftp.names.map_steps", live,
         number([](auto& c) -> auto& { return c.tftp.settings.map_steps; }, 1, most_count),
         "How many rules may be tried for one name before it is refused."},
    };
}

}  // namespace wherry
