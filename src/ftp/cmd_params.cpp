// TYPE, MODE, STRU, OPTS, REST, RANG: how things are transferred (RFC 959 4.1.2, RFC 2389, RFC 3659).
#include <algorithm>

#include "core/text.h"
#include "ftp/session.h"
#include "vfs/digest.h"

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
    const bool compressed = iequals(argument, "Z") && session.settings().mode_z;
    if (!compressed && !iequals(argument, "S")) return session.reply(504, "This mode is not served");
    session.compressed = compressed;
    session.reply(200, compressed ? "Mode set to deflate" : "Mode set to stream");
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

// draft-bryan-ftpext-hash 3.2.
void opts_hash(Session& session, std::string_view value) {
    if (!value.empty()) {
        const auto algorithm = hash_named(value);
        if (!algorithm) return session.reply(501, "Unknown algorithm");
        session.hash_algorithm = *algorithm;
    }
    session.reply(200, hash_name(session.hash_algorithm));
}

// "OPTS MODE Z LEVEL 9" (draft-preston-ftpext-deflate 3.2).
void opts_mode(Session& session, std::string_view value) {
    constexpr std::string_view start = "Z LEVEL ";
    const auto level = istarts_with(value, start) ? parse_at_most(value.substr(start.size()), 9) : std::nullopt;
    if (!level) return session.reply(501, "Use OPTS MODE Z LEVEL and a number from 0 to 9");
    session.level = static_cast<int>(*level);
    session.reply(200, "MODE Z LEVEL set to " + std::to_string(*level));
}

}  // namespace

void opts(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const std::string_view what = argument.substr(0, blank);
    const std::string_view value = blank == std::string_view::npos ? std::string_view() : trim(argument.substr(blank));
    if (iequals(what, "UTF8") || iequals(what, "UTF-8")) return opts_utf8(session, value);
    if (iequals(what, "MLST")) return opts_mlst(session, value);
    if (iequals(what, "HASH") && find(session.table().commands(), "HASH") != nullptr) return opts_hash(session, value);
    if (iequals(what, "MODE") && session.settings().mode_z) return opts_mode(session, value);
    session.reply(501, "No options for this command");
}

// RFC 3659 section 5: the offset holds for the next transfer only.
void rest(Session& session, std::string_view argument) {
    const auto offset = parse_u63(argument);
    if (!offset) return session.reply(501, "Not an offset");
    if (session.encoding == Encoding::ascii && *offset != 0) {
        return session.reply(501, "An offset into text has no meaning, use TYPE I");
    }
    session.take_range();
    session.restart = *offset;
    session.reply(350, "Restarting at " + std::to_string(*offset));
}

// draft-bryan-ftp-range: a part of the file, both ends included, for the next RETR or HASH; "RANG 1 0" takes it back.
void rang(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const auto first = parse_u63(argument.substr(0, blank));
    const auto last = parse_u63(argument.substr(std::min(blank, argument.size() - 1) + 1));
    if (!first || !last) return session.reply(501, "Use RANG first last, in bytes");
    if (session.encoding == Encoding::ascii) return session.reply(501, "A range of text has no meaning, use TYPE I");
    if (*first > *last) {
        session.take_range();
        return session.reply(350, "No range");
    }
    session.restart = *first;
    session.range_end = *last + 1;
    session.reply(350, "Range from " + std::to_string(*first) + " to " + std::to_string(*last));
}

}  // namespace wherry::ftp
