// TYPE, MODE, STRU, OPTS, REST, ALLO: how things are transferred (RFC 959 4.1.2, RFC 2389, RFC 3659).
#include "core/text.h"
#include "ftp/session.h"

namespace wherry::ftp {

void type(Session& session, std::string_view argument) {
    const std::string wanted = upper(argument);
    if (wanted == "A" || wanted == "A N" || wanted == "L7" || wanted == "L 7") {
        if (session.settings().ascii == Ascii::refuse) return session.reply(504, "Only types I and L 8 are served");
        session.encoding = session.first_encoding();
        session.reply(200, "Type set to ASCII");
    } else if (wanted == "I" || wanted == "L8" || wanted == "L 8") {
        session.encoding = Encoding::image;
        session.reply(200, "Type set to binary");
    } else {
        session.reply(504, "Only types A, I and L 8 are served");
    }
}

void mode(Session& session, std::string_view argument) {
    if (iequals(argument, "S")) return session.reply(200, "Mode set to stream");
    session.reply(504, "Only mode S is served");
}

void stru(Session& session, std::string_view argument) {
    if (iequals(argument, "F")) return session.reply(200, "Structure set to file");
    session.reply(504, "Only structure F is served");
}

namespace {

// Names are bytes, and the bytes of UTF-8 are what clients get unless the operator has named another charset. ON must
// succeed in any case, or clients fall back to a charset of their own.
void opts_utf8(Session& session, std::string_view value) {
    const bool on = !iequals(value, "OFF");
    if (!session.use_utf8(on)) return session.reply(504, "Names are always UTF-8");
    if (!on) return session.reply(200, "Names are " + session.settings().charset);
    session.reply(200, "Names are UTF-8");
}

void opts_mlst(Session& session, std::string_view value) {
    session.facts = Facts::parse(value);
    session.reply(200, "MLST OPTS " + session.facts.text());
}

}  // namespace

void opts(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const std::string_view what = argument.substr(0, blank);
    const std::string_view value = blank == std::string_view::npos ? std::string_view() : trim(argument.substr(blank));
    if (iequals(what, "UTF8") || iequals(what, "UTF-8")) return opts_utf8(session, value);
    if (iequals(what, "MLST")) return opts_mlst(session, value);
    session.reply(501, "No options for this command");
}

// RFC 3659 section 5: the offset holds for the next transfer only.
void rest(Session& session, std::string_view argument) {
    const auto offset = parse_u63(argument);
    if (!offset) return session.reply(501, "Not an offset");
    if (session.encoding == Encoding::ascii && *offset != 0) {
        return session.reply(501, "An offset into text has no meaning, use TYPE I");
    }
    session.restart = *offset;
    session.reply(350, "Restarting at " + std::to_string(*offset));
}

// Really asked, since a client that says ALLO wants to know before it sends gigabytes.
net::Task<void> allo(Session& session, std::string_view argument) {
    const auto bytes = parse_u63(argument.substr(0, argument.find(' ')));
    if (!bytes) co_return session.reply(501, "Not a number of bytes");
    const auto fits = co_await session.workspace().room_for(session.cwd, *bytes);
    if (!fits) co_return session.refuse(fits.error());
    session.announced = *bytes;
    session.reply(200, "There is room");
}

}  // namespace wherry::ftp
