// AUTH, PBSZ, PROT, CCC: protection of the control and the data connection (RFC 2228, RFC 4217).
#include "core/text.h"
#include "ftp/session.h"

namespace wherry::ftp {

net::Task<void> auth(Session& session, std::string_view argument) {
    const std::string mechanism = upper(argument);
    const bool implies_protected_data = mechanism == "SSL" || mechanism == "TLS-P";  // by the drafts before RFC 4217
    if (!implies_protected_data && mechanism != "TLS" && mechanism != "TLS-C") {
        co_return session.reply(504, "Only AUTH TLS is known here");
    }
    if (session.tls() != nullptr) co_return session.reply(503, "The connection is protected already");
    if (!session.tls_offered()) co_return session.reply(431, "This server has no TLS");
    session.reply(234, "Begin TLS");
    if (co_await session.secure_control()) {
        session.data_secured = implies_protected_data && session.data_rule() != Protection::clear;
    }
}

// TLS has no use for a buffer size; the command is an obligation of RFC 2228 all the same.
void pbsz(Session& session, std::string_view argument) {
    if (session.tls() == nullptr && !session.buffer_size_agreed) return session.reply(503, "AUTH TLS first");
    if (!parse_u63(argument)) return session.reply(501, "Not a size");
    session.buffer_size_agreed = true;
    session.reply(200, "PBSZ=0");
}

void prot(Session& session, std::string_view argument) {
    if (!session.buffer_size_agreed) {
        return session.reply(503, session.tls() == nullptr ? "AUTH TLS first" : "PBSZ first");
    }
    const std::string level = upper(argument);
    const Protection rule = session.data_rule();
    if (level == "P") {
        if (rule == Protection::clear) return session.reply(534, "Data is not protected here");
        session.data_secured = true;
        session.reply(200, "Data will be protected");
    } else if (level == "C") {
        if (session.data_must_be_secured()) return session.reply(534, "Data must be protected here");
        session.data_secured = false;
        session.reply(200, "Data will be in clear");
    } else if (level == "S" || level == "E") {
        session.reply(536, "TLS knows only PROT C and PROT P");
    } else {
        session.reply(504, "Only PROT C and PROT P are known");
    }
}

net::Task<void> ccc(Session& session, std::string_view) {
    if (session.tls() == nullptr) co_return session.reply(533, "The connection is in clear");
    if (!session.tls_rules().clear_again) co_return session.reply(534, "The connection stays protected here");
    session.reply(200, "The connection goes on in clear");
    co_await session.clear_control();
}

}  // namespace wherry::ftp
