#include "tftp/open.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <utility>

#include "access/workspace.h"
#include "core/text.h"
#include "tftp/ending.h"
#include "tftp/names.h"
#include "tftp/opening.h"
#include "tftp/own_exchange.h"
#include "tftp/permits.h"
#include "tftp/read_exchange.h"
#include "tftp/write_exchange.h"

namespace wherry::tftp {
namespace {

// What the window of an upload may owe to the rates it has now. An ACK is held until its window is paid for, and a
// client that gets none within its time-out, often a second, sends all of the window again: so a window is no larger
// than what passes in a part of that. Others who join later may make it longer; whatever a client repeats meanwhile is
// neither answered nor paid for.
std::uint64_t most_owed(const Opening& opening, const UploadTarget& target) {
    constexpr std::chrono::milliseconds pays_in{250};
    std::uint64_t most = target.file() != nullptr ? target.file()->passes_in(pays_in) : ~std::uint64_t{0};
    if (const std::uint64_t rate = opening.settings().write.rate_per_transfer; rate != 0) {
        most = std::min(most, rate / (std::chrono::seconds(1) / pays_in));
    }
    return std::max<std::uint64_t>(most, default_blksize);
}

// What is granted; nullopt: a handler of an option has refused the request.
std::optional<Negotiated> granted_to(const Opening& opening, std::optional<std::uint64_t> size,
                                     std::uint64_t most_window = ~std::uint64_t{0}) {
    OptionContext context;
    context.ipv6 = opening.flow->route.peer.is_ipv6();
    context.mtu = opening.engine().mtu_of(*opening.flow);
    context.size = size;
    const auto others = [&](std::string_view name, std::string_view) -> OptionAnswer {
        const auto found =
            std::ranges::find_if(opening.answers, [&](const auto& answer) { return iequals(answer.first, name); });
        return found == opening.answers.end() ? OptionAnswer() : found->second;
    };
    OptionRules rules = opening.settings().options;
    const auto at_most = [](std::uint16_t& rule, const std::optional<std::uint16_t>& limit, std::uint16_t least) {
        if (limit) rule = std::min(rule, std::max(*limit, least));
    };
    at_most(rules.blksize_max, opening.limits.blksize, least_blksize);
    at_most(rules.windowsize_max, opening.limits.windowsize, 1);
    if (opening.request.is_write()) {
        rules.blksize_max = std::min(rules.blksize_max, opening.engine().most_received_block());
        rules.blksize_max = static_cast<std::uint16_t>(std::min<std::uint64_t>(rules.blksize_max, most_window));
        rules.window_bytes_max = std::min(rules.window_bytes_max, most_window);
    }
    Negotiated granted = negotiate(opening.request, rules, context, others);
    if (!granted.refused) return granted;
    opening.refuse(*granted.refused, "an option of the program's own");
    return std::nullopt;
}

// The transfer's own port, and the machine's first words. `long_ones`: packets longer than an ACK may come there.
// False: there is no port.
template <class MakeExchange>
bool begin(const Opening& opening, bool long_ones, MakeExchange make) {
    Flow& flow = *opening.flow;
    if (!opening.engine().take_tid(opening.flow, long_ones)) return false;
    flow.state = Flow::State::running;
    auto exchange = make();
    auto& running = *exchange;
    flow.exchange = std::move(exchange);
    opening.engine().count_request(flow, TftpOutcome::started);
    running.tell_start();
    flow.engine.tell_started(flow);
    running.start(flow.engine.loop().now());
    return true;
}

}  // namespace

void begin_write(const Opening& opening, UploadTarget target) {
    const auto granted = granted_to(opening, std::nullopt, most_owed(opening, target));
    const auto make = [&] {
        return std::make_unique<WriteExchange>(opening.flow, opening.request, *granted, std::move(target));
    };
    if (granted && begin(opening, true, make)) return;
    if (target) opening.engine().scope().start(UploadTarget::give_up(std::move(target)));
}

void begin_read(const Opening& opening, ReadSource source, std::optional<std::uint64_t> size, ChunkPtr whole) {
    const auto granted = granted_to(opening, size);
    if (!granted) return source.close(*opening.flow, wherry::Outcome::file(Code::denied), false);
    const auto make = [&] {
        return std::make_unique<ReadExchange>(opening.flow, *granted, std::move(source), std::move(whole));
    };
    if (!begin(opening, false, make)) source.close(*opening.flow, wherry::Outcome::file(Code::busy), false);
}

void begin_exchange(const Opening& opening, std::shared_ptr<TftpExchange> exchange) {
    begin(opening, true, [&] { return std::make_unique<OwnExchange>(opening.flow, std::move(exchange)); });
}

net::Task<std::optional<std::uint64_t>> size_to_tell(const Opening& opening, ReadSource& source) {
    const auto file = source.source_size();
    const bool scan = !source.size() && file && *file <= opening.settings().tsize_scan_max;
    if (!scan || !option_number(opening.request, "tsize")) co_return source.size();
    co_return co_await source.find_size(opening.engine());
}

namespace {

// --- downloads

net::Task<void> send_file(const Opening& opening, Found found) {
    const Transfer::Opened& about = found.transfer->opened();
    if (const auto allowed = may_serve(opening.settings(), about.mode, about.uid); !allowed) {
        [[maybe_unused]] const auto ended = co_await found.transfer->finish(wherry::Outcome::file(Code::denied));
        co_return opening.refuse(allowed.error());
    }
    found.transfer->share_file(opening.server().open_files(), found.tree->user->filesystem.get());
    ReadSource source({.transfer = std::move(found.transfer),
                       .filesystem = found.tree->user->filesystem.get(),
                       .text = opening.request.mode == Mode::netascii,
                       .abort_on_change = opening.settings().abort_on_change,
                       .newlines = opening.settings().newlines()});
    auto size = source.size();
    if (!size) size = co_await size_to_tell(opening, source);
    if (opening.given_up()) co_return;
    begin_read(opening, std::move(source), size);
}

// False: a rule forbids it.
bool may_read(const Opening& opening) {
    if (!opening.settings().reads) opening.refuse({ErrorCode::access, "Access violation"}, "a rule");
    return opening.settings().reads;
}

bool is_missing(const std::optional<Result<Found>>& found) {
    return found && !*found && goes_on((*found).error().code);
}

net::Task<void> open_read(Opening& opening, Path path, const std::string& name) {
    if (!may_read(opening)) co_return;
    if (has_to_ask(opening, path, Asked::first)) {
        const Said said = co_await ask_program(opening, path, Asked::first);
        if (said == Said::all || (said == Said::file && !may_read(opening))) co_return;
    }
    const PolicyPtr policy = opening.flow->policy;
    auto found = co_await find_file(opening, path);
    if (is_missing(found) && policy->patterns) {
        const auto other = policy->patterns->other_name(name);
        const auto other_path = other ? path_of_name(*other, policy->settings.names) : std::unexpected(Refusal());
        if (other_path) found = co_await find_file(opening, *other_path);
    }
    if (is_missing(found) && has_to_ask(opening, path, Asked::missing)) {
        const Said said = co_await ask_program(opening, path, Asked::missing);
        if (said == Said::all || (said == Said::file && !may_read(opening))) co_return;
        if (said == Said::file) found = co_await find_file(opening, path);
    }
    if (!found) co_return;
    if (!*found) co_return opening.refuse((*found).error());
    co_await send_file(opening, std::move(**found));
}

// --- uploads

net::Task<void> open_write(Opening& opening, Path path) {
    Flow& flow = *opening.flow;
    const bool asks = has_to_ask(opening, path, Asked::first);
    if (asks && co_await ask_program(opening, path, Asked::first) == Said::all) co_return;
    const WriteRules& rules = opening.settings().write;
    if (rules.mode == WriteMode::off || flow.policy->trees.empty()) {
        co_return opening.refuse({ErrorCode::access, "Uploads are not allowed"}, "tftp.write.mode");
    }
    if (const auto allowed = may_store(rules, opening.request, path); !allowed) {
        co_return opening.refuse(allowed.error());
    }
    const Tree& tree = flow.policy->trees.front();
    const auto place = co_await place_in(opening, tree, path);
    if (opening.given_up()) co_return;
    if (!place) co_return opening.refuse(place.error());
    auto claim = opening.server().uploads().claim(tree.id_of(*place));
    if (!claim) {
        const bool create = rules.mode == WriteMode::create;
        co_return opening.refuse(
            create ? Refusal{ErrorCode::exists, "File already exists"} : Refusal{ErrorCode::access, "Access violation"},
            "somebody else is uploading it");
    }
    Workspace workspace(opening.server().commons(), flow.engine.loop(), tree.user, session_of(flow, &tree));
    if (rules.make_folders && rules.mode != WriteMode::existing) {
        const auto made = co_await make_folders(workspace, *place);
        if (opening.given_up()) co_return;
        if (!made) co_return opening.refuse(made.error());
    }
    WriteRequest request;
    request.atomic = rules.atomic;
    request.truncate_late = true;  // a request proves nothing: whoever forges one must not empty a file
    request.overwrite = rules.mode != WriteMode::create;
    request.only_existing = rules.mode == WriteMode::existing;
    request.world_writable = asks_others_to_write(opening.settings());
    request.mode_bits = rules.file_mode;
    request.keep_partial = rules.keep_partial;
    if (opening.request.mode == Mode::octet) request.announced = option_number(opening.request, "tsize").value_or(0);
    auto transfer = co_await workspace.open_write(*place, request);
    if (opening.given_up()) co_return;
    if (!transfer) co_return opening.refuse(transfer.error());
    begin_write(opening, {std::move(*transfer), std::move(claim)});
}

// --- who asks

// Of the client, if anybody knows it.
net::Task<std::optional<net::Mac>> mac_of(const Opening& opening) {
    const auto known = opening.engine().mac_of(*opening.flow);
    const PolicyPtr policy = opening.flow->policy;
    if (known || !policy->other_macs) co_return known;
    Commons& commons = opening.server().commons();
    const auto other = co_await commons.runtime.disk().run(opening.engine().loop(), [&] {
        return policy->other_macs(opening.flow->route.peer, commons.runtime.clock().wall_seconds());
    });
    if (!other) commons.log.warning("tftp: {}", other.error().message);
    co_return other.value_or(std::nullopt);
}

}  // namespace

void Opening::refuse(const Refusal& refusal, std::string_view why) const {
    Commons& commons = server().commons();
    const std::string what = fmt::format("tftp {} refused: {} ({})", describe(*flow, request), refusal.text, why);
    // Boot loaders try many names: that one is not there is no news.
    if (refusal.code == ErrorCode::not_found) {
        commons.log.info("{}", what);
    } else {
        commons.log.warning("{}", what);
    }
    tell_refusal(*flow, request, refusal, why);
    engine().refuse(flow, refusal);
}

void Opening::refuse(const Error& error) const { refuse(refusal_for(error), error.message); }

net::Task<void> open_request(FlowPtr flow) {
    const Settings& settings = flow->settings();
    auto parsed = parse_request(flow->request(), settings.parse);
    Opening opening{flow, parsed ? std::move(*parsed) : Request(), flow->policy};
    if (!parsed) co_return opening.refuse(parsed.error(), "the packet");
    if (opening.request.malformed_option) opening.server().commons().metrics.add(Metric::tftp_malformed_options_total);
    const bool write = opening.request.is_write();
    const bool may = write ? net::permits(settings.write_allow, settings.write_deny, flow->route.peer)
                           : net::permits(settings.read_allow, settings.read_deny, flow->route.peer);
    if (!may) {
        if (settings.silent_deny) flow->quiet = true;
        co_return opening.refuse({ErrorCode::access, "Access violation"}, "its address");
    }
    tell_request(*flow, opening.request);
    flow->timer.set(flow->engine.loop().now() + settings.open_timeout);
    if (needs_mac(*flow->policy)) opening.mac = co_await mac_of(opening);
    if (opening.given_up()) co_return;
    std::expected<std::string, Refusal> name(opening.request.name);
    if (flow->policy->map) name = co_await mapped_name(opening);
    if (opening.given_up()) co_return;
    if (!name) co_return opening.refuse(name.error(), "its name");
    auto path = path_of_name(*name, settings.names);
    if (!path) co_return opening.refuse(path.error(), "its name");
    flow->policy = policy_of(opening, *path);  // from here on the rules have had their say
    if (write) {
        co_await open_write(opening, std::move(*path));
    } else {
        co_await open_read(opening, std::move(*path), *name);
    }
}

void flow_expired(Flow& flow) {
    Engine& engine = flow.engine;
    const FlowPtr held = engine.find(flow);
    if (!held) return;
    if (flow.state != Flow::State::opening) return engine.forget(flow);
    auto parsed = parse_request(flow.request(), flow.settings().parse);
    const Opening opening{held, parsed ? std::move(*parsed) : Request(), flow.policy};
    opening.refuse({ErrorCode::undefined, "Internal error"}, "opening the file takes longer than tftp.timers.open");
}

Refusal refusal_for(const Error& error) {
    const auto with = [&](ErrorCode code, std::string_view text) {
        return Refusal{code, error.shown ? printable(error.message) : std::string(text)};
    };
    switch (error.code) {
        case Code::not_found:
        case Code::not_directory:
        case Code::is_directory:
        case Code::name_not_allowed: return with(ErrorCode::not_found, "File not found");
        case Code::denied:
        case Code::not_regular:
        case Code::read_only: return with(ErrorCode::access, "Access violation");
        case Code::no_space:
        case Code::quota: return with(ErrorCode::disk_full, "Disk full or allocation exceeded");
        case Code::exists: return with(ErrorCode::exists, "File already exists");
        case Code::busy: return with(ErrorCode::undefined, "Server busy");
        default: return with(ErrorCode::undefined, "Internal error");
    }
}

SessionInfo session_of(const Flow& flow, const Tree* tree) {
    SessionInfo info;
    info.protocol = "tftp";
    info.peer = flow.route.peer.ip();
    info.peer_port = flow.route.peer.port();
    info.local = flow.route.local.ip();
    info.local_port = flow.route.local.port();
    if (tree != nullptr) info.user = tree->user->name;
    return info;
}

std::string describe(const Flow& flow, const Request& request) {
    const auto opcode = opcode_of(flow.request());
    return fmt::format("{} {} \"{}\"", opcode == 2 ? "WRQ" : "RRQ", flow.route.peer.text(), for_log(request.name, 200));
}

}  // namespace wherry::tftp
