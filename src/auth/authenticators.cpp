#include "auth/authenticators.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "auth/file_users.h"
#include "core/suggest.h"
#include "core/text.h"

namespace wherry {

namespace {

Result<ConfiguredAuthenticator> make_file(const AuthenticatorSettings& settings) {
    auto users = FileUsers::load(settings.source);
    if (!users) return fail(std::move(users.error()));
    const auto file = std::move(*users);
    return ConfiguredAuthenticator{file, [file] { return file->reload(); }, [file] { return file->warnings(); },
                                   [file] { return file->keys(); }};
}

constexpr auto kinds = std::to_array<AuthenticatorKind>({
    {"file", "path of the users file", "Users from a TOML file, with hashed passwords.", &make_file},
});

}  // namespace

std::span<const AuthenticatorKind> authenticator_kinds() { return kinds; }

Result<ConfiguredAuthenticator> make_authenticator(std::string_view kind, const AuthenticatorSettings& settings) {
    std::vector<std::string_view> names;
    for (const AuthenticatorKind& known : kinds) {
        if (known.name == kind) return known.make(settings);
        names.push_back(known.name);
    }
    const std::string_view near = suggest(kind, names);
    const std::string hint =
        near.empty() ? fmt::format("known are: {}", fmt::join(names, ", ")) : fmt::format("did you mean \"{}\"?", near);
    return fail(Code::invalid, fmt::format("unknown authenticator \"{}\"; {}", for_log(kind), hint));
}

}  // namespace wherry
