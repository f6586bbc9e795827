// CLNT, CSID, HOST, LANG: what the client says of itself, and whom it wants (draft-peterson-streamlined-ftp, RFC 7151,
// RFC 2640 section 4).
#include <algorithm>

#include "core/text.h"
#include "ftp/session.h"

namespace wherry::ftp {

// For operators: events and the list of sessions show it. Clients send it before the login.
void clnt(Session& session, std::string_view argument) {
    session.set_client(trim(argument));
    session.reply(200, "Noted");
}

// "CSID Name=FileZilla; Version=3.60;". Ours has no version: it would help attackers more than clients.
void csid(Session& session, std::string_view argument) {
    constexpr std::string_view name = "name=";
    for (const std::string_view piece : split(argument, ';')) {
        const std::string_view fact = trim(piece);
        if (istarts_with(fact, name)) session.set_client(fact.substr(name.size()));
    }
    session.reply(200, "Name=Wherry; OS=Unix; CaseSensitive=1; DirSep=/;");
}

// RFC 7151 section 3: before USER, and again only after REIN. Users may be of some hosts only (User::hosts).
void host(Session& session, std::string_view argument) {
    if (session.logged_in() || session.password_due) return session.reply(503, "HOST comes before USER");
    const std::string name = lower(trim(argument));
    const auto& hosts = session.settings().hosts;
    const auto found = std::ranges::find(hosts, name, &VirtualHost::name);
    if (found == hosts.end()) return session.reply(504, "There is no such host here");
    session.host = name;
    session.reply(Reply::of_lines(220, found->greeting.empty() ? session.settings().greeting : found->greeting));
}

// Replies are English; without an argument the client asks for the language of the server.
void lang(Session& session, std::string_view argument) {
    const std::string_view language = argument.substr(0, argument.find('-'));
    if (!argument.empty() && !iequals(language, "EN")) return session.reply(504, "Only English (EN) is spoken here");
    session.reply(200, "Replies are in English");
}

}  // namespace wherry::ftp
