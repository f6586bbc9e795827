// Names and folders of a request.
#include <cstddef>
#include <utility>
#include <vector>

#include "access/workspace.h"
#include "tftp/names.h"
#include "tftp/open.h"
#include "tftp/opening.h"
#include "tftp/permits.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t most_new_folders = 16;

Workspace workspace_of(const Opening& opening, const Tree& tree) {
    return {opening.server().commons(), opening.engine().loop(), tree.user, session_of(*opening.flow, &tree)};
}

// Where a tree has a file of that name in other letters.
net::Task<Result<Path>> in_other_letters(const Opening& opening, const Tree& tree, Path path) {
    Server& server = opening.server();
    co_return co_await server.commons().runtime.disk().run(
        opening.engine().loop(), [&] { return server.name_index().find(tree.user->filesystem, path); });
}

// Whether an upload to that place would begin. `about`: what is there.
net::Task<bool> can_be_stored(Workspace& workspace, const Settings& settings, const Path& place,
                              const Result<Stat>& about) {
    if (!workspace.may(place, 'w')) co_return false;
    const WriteMode mode = settings.write.mode;
    if (about) {
        const bool allowed = !asks_others_to_write(settings) || (about->mode & 0002) != 0;
        const bool replaces = mode != WriteMode::create && allowed;
        co_return about->is_file() && replaces;
    }
    if (about.error().code != Code::not_found || mode == WriteMode::existing) co_return false;
    const auto folder = co_await workspace.stat(place.parent());
    if (!folder && folder.error().code == Code::not_found) {
        const bool makes = settings.write.make_folders && workspace.may(place.parent(), 'm');
        co_return makes;
    }
    co_return folder && folder->is_directory();
}

// Whether the name that a rule has made can be transferred, by all rules that will hold for it. Changes nothing.
net::Task<bool> can_be_transferred(const Opening& opening, const std::string& name) {
    const auto path = path_of_name(name, opening.settings().names);
    if (!path) co_return false;
    const PolicyPtr policy = policy_of(opening, *path);
    const Settings& settings = policy->settings;
    const bool write = opening.request.is_write();
    if (write && (settings.write.mode == WriteMode::off || !may_store(settings.write, opening.request, *path))) {
        co_return false;
    }
    if (!write && !settings.reads) co_return false;
    for (const Tree& tree : policy->trees) {
        const auto place = co_await place_in(opening, tree, *path);
        if (!place) co_return false;
        Workspace workspace = workspace_of(opening, tree);
        auto about = co_await workspace.stat(*place);
        if (write) co_return co_await can_be_stored(workspace, settings, *place, about);
        Path found = *place;
        if (!about && settings.names.letters == Case::insensitive) {
            if (const auto other = co_await in_other_letters(opening, tree, *place)) {
                found = *other;
                about = co_await workspace.stat(found);
            }
        }
        if (about && about->is_file()) {
            co_return workspace.may(found, 'r') && may_serve(settings, about->mode, about->uid).has_value();
        }
    }
    co_return false;
}

// Opens a file of that name, or of the same one in other letters, in the first tree that has it. nullopt: given up.
net::Task<std::optional<Result<Found>>> open_first(const Opening& opening, const Path& path, bool any_letters) {
    Result<Found> found = fail(Code::not_found, "there is no folder to serve");
    const PolicyPtr policy = opening.flow->policy;
    for (const Tree& tree : policy->trees) {
        Result<Path> place = path;
        if (policy->settings.client_root != ClientRoot::off) place = co_await place_in(opening, tree, path);
        if (opening.given_up()) co_return std::nullopt;
        if (!place) co_return Result<Found>(std::unexpected(place.error()));
        if (any_letters) {
            place = co_await in_other_letters(opening, tree, *place);
            if (opening.given_up()) co_return std::nullopt;
            if (!place) continue;
        }
        auto transfer = co_await workspace_of(opening, tree).open_read(*place, 0);
        if (opening.given_up()) co_return std::nullopt;
        if (transfer) co_return Found{std::move(*transfer), &tree};
        found = std::unexpected(std::move(transfer.error()));
        if (!goes_on(found.error().code)) break;
    }
    co_return found;
}

// The name of the client's folder; empty: it has none.
std::string own_folder(const Opening& opening) {
    switch (opening.settings().client_root) {
        case ClientRoot::off: break;
        case ClientRoot::ip: return opening.flow->route.peer.ip();
        case ClientRoot::mac: return opening.mac ? opening.mac->text() : std::string();
    }
    return {};
}

RemapRun::Client client_for_map(const Opening& opening, const Remap& map) {
    const Flow& flow = *opening.flow;
    RemapRun::Client client{flow.route.peer, opening.request.is_write()};
    client.mac = opening.mac;
    client.local = flow.route.local;
    if (map.uses('n')) client.interface = opening.engine().interface_of(flow);
    return client;
}

net::Task<RemapRun::State> run_map(const Opening& opening, RemapRun& run, bool slow) {
    if (!slow) co_return run.run();
    co_return co_await opening.server().commons().runtime.disk().run(opening.engine().loop(),
                                                                     [&] { return run.run(); });
}

}  // namespace

net::Task<std::expected<std::string, Refusal>> mapped_name(const Opening& opening) {
    std::string name(opening.request.name);
    const PolicyPtr policy = opening.flow->policy;
    RemapRun run(policy->map, client_for_map(opening, *policy->map), std::move(name), policy->settings.map_steps);
    auto state = co_await run_map(opening, run, policy->map->is_slow());
    while (state == RemapRun::State::probe) {
        run.answer(co_await can_be_transferred(opening, run.name()));
        if (opening.given_up()) break;
        state = co_await run_map(opening, run, policy->map->is_slow());
    }
    if (state == RemapRun::State::refused) co_return std::unexpected(run.refusal());
    co_return run.name();
}

PolicyPtr policy_of(const Opening& opening, const Path& path) {
    const PolicyPtr& base = opening.base;
    if (base->settings.rules.empty()) return base;
    return policy_for(base, {.peer = opening.flow->route.peer,
                             .local = opening.flow->route.local,
                             .mac = opening.mac,
                             .interface = opening.engine().interface_of(*opening.flow),
                             .write = opening.request.is_write(),
                             .name = std::string(path.text().substr(1))});
}

net::Task<Result<Path>> place_in(const Opening& opening, const Tree& tree, const Path& path) {
    if (opening.settings().client_root == ClientRoot::off) co_return path;
    std::string folder = own_folder(opening);
    if (!folder.empty()) {
        const auto own = Path::resolve(folder);
        const auto about = co_await workspace_of(opening, tree).stat(*own);
        if (about && about->is_directory()) co_return Path::resolve(folder.append(path.text()));
    }
    if (opening.settings().client_root_only) co_return fail(Code::denied, "the client has no folder of its own");
    co_return path;
}

net::Task<Result<void>> make_folders(Workspace& workspace, Path path) {
    std::vector<Path> missing;
    for (Path folder = path.parent(); !folder.is_root(); folder = folder.parent()) {
        const auto about = co_await workspace.stat(folder);
        if (about) break;  // whether it is a folder will turn out
        if (about.error().code != Code::not_found) co_return std::unexpected(about.error());
        missing.push_back(folder);
        if (missing.size() > most_new_folders) {
            co_return fail(Code::denied, "an upload may need no more than 16 new folders");
        }
    }
    for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
        auto made = co_await workspace.make_directory(*folder);
        if (!made && made.error().code != Code::exists) co_return made;  // somebody else may have made it
    }
    co_return Result<void>();
}

net::Task<std::optional<Result<Found>>> find_file(const Opening& opening, const Path& path) {
    auto found = co_await open_first(opening, path, false);
    const bool missing = found && !*found && goes_on((*found).error().code);
    if (!missing || opening.settings().names.letters != Case::insensitive) co_return found;
    co_return co_await open_first(opening, path, true);
}

bool goes_on(Code code) noexcept {
    return code == Code::not_found || code == Code::not_directory || code == Code::is_directory;
}

}  // namespace wherry::tftp
