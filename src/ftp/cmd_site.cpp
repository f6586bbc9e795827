// SITE: commands that no RFC knows.
#include "core/text.h"
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

// Three or four octal digits; the bits above 0777 are refused, not dropped in silence.
std::optional<std::uint32_t> parse_mode(std::string_view text) {
    if (text.size() < 3 || text.size() > 4) return std::nullopt;
    std::uint32_t mode = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '7') return std::nullopt;
        mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
    }
    return mode <= 0777 ? std::optional(mode) : std::nullopt;
}

}  // namespace

net::Task<void> site(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const Row* row = find(site_commands(), upper(argument.substr(0, blank)));
    if (row == nullptr) co_return session.reply(500, "Unknown SITE command");
    co_await session.call(*row, blank == std::string_view::npos ? std::string_view() : argument.substr(blank + 1));
}

void site_help(Session& session, std::string_view argument) {
    help_about(session, site_commands(), "SITE commands:", argument);
}

net::Task<void> site_chmod(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const auto mode = parse_mode(argument.substr(0, blank));
    if (!mode || blank == std::string_view::npos) co_return session.reply(501, "Use SITE CHMOD 644 path");
    const auto path = session.resolve(argument.substr(blank + 1));
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_mode(*path, *mode);
    if (!set) co_return session.refuse(set.error());
    session.reply(200, "Mode changed");
}

}  // namespace wherry::ftp
