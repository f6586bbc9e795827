#include "tftp/open.h"

#include <fmt/format.h>
#include <unistd.h>

#include <expected>
#include <utility>

#include "access/workspace.h"
#include "core/text.h"
#include "tftp/engine.h"
#include "tftp/read_exchange.h"
#include "tftp/server.h"
#include "tftp/write_exchange.h"

namespace wherry::tftp {
namespace {

// A request while it is being opened. Views into flow->request.
struct Opening {
    FlowPtr flow;
    Request request;
    bool quiet = false;

    Engine& engine() const { return flow->engine; }
    Server& server() const { return engine().server(); }
    const Settings& settings() const { return server().settings(); }
    bool given_up() const { return flow->state != Flow::State::opening; }

    void refuse(const Refusal& refusal, std::string_view why) const {
        Commons& commons = server().commons();
        const std::string what = fmt::format("tftp {} refused: {} ({})", describe(*flow, request), refusal.text, why);
        // Boot loaders try many names: that one is not there is no news.
        if (refusal.code == ErrorCode::not_found) {
            commons.log.info("{}", what);
        } else {
            commons.log.warning("{}", what);
        }
        commons.metrics.add(Metric::tftp_refused_total);
        if (quiet) {
            engine().forget(*flow);
        } else {
            engine().refuse(flow, refusal);
        }
    }
    void refuse(const Error& error) const { refuse(refusal_for(error), error.message); }
};

// Whether the next tree may have what this one has not.
bool goes_on(Code code) { return code == Code::not_found || code == Code::not_directory || code == Code::is_directory; }

bool readable_by_world(const Opening& opening, const Stat& about) {
    const WorldReadable rule = opening.settings().world_readable;
    const bool asked = rule == WorldReadable::on || (rule == WorldReadable::automatic && geteuid() == 0);
    return !asked || (about.mode & 0004) != 0;
}

OptionContext context_of(const Opening& opening) {
    OptionContext context;
    context.ipv6 = opening.flow->route.peer.is_ipv6();
    context.mtu = opening.engine().mtu_of(*opening.flow);
    return context;
}

// The transfer's own port, and the machine's first words.
template <class Run>
void begin(const Opening& opening, bool write, Run run) {
    Flow& flow = *opening.flow;
    if (!flow.tid) flow.tid = opening.engine().take_tid(flow, write);
    if (!flow.tid) {
        opening.server().commons().log.warning("tftp: there is no port left for a transfer; widen tftp.tid_ports");
        return opening.engine().forget(flow);
    }
    flow.state = Flow::State::running;
    run();
}

// Whether the name that a rule has made can be transferred. Changes nothing.
net::Task<bool> can_be_transferred(const Opening& opening, const std::string& name) {
    const auto path = path_of_name(name, opening.server().name_rules());
    if (!path) co_return false;
    const WriteMode mode = opening.settings().write.mode;
    if (opening.request.is_write() && mode == WriteMode::off) co_return false;
    for (const Tree& tree : opening.server().trees()) {
        Workspace workspace(opening.server().commons(), opening.engine().loop(), tree.user, session_of(*opening.flow));
        const auto about = co_await workspace.stat(*path);
        const bool is_file = about && about->is_file();
        const bool is_absent = !about && about.error().code == Code::not_found;
        if (opening.request.is_write()) {
            co_return (is_file && mode != WriteMode::create) || (is_absent && mode != WriteMode::existing);
        }
        if (is_file) co_return true;
    }
    co_return false;
}

// From the name in the request to a path in the trees.
net::Task<std::expected<Path, Refusal>> find_path(const Opening& opening) {
    std::string name(opening.request.name);
    if (auto map = opening.server().map()) {
        const RemapRun::Client client{opening.flow->route.peer, opening.request.is_write()};
        RemapRun run(std::move(map), client, std::move(name), opening.settings().map_steps);
        auto state = run.run();
        for (; state == RemapRun::State::probe; state = run.run()) {
            run.answer(co_await can_be_transferred(opening, run.name()));
        }
        if (state == RemapRun::State::refused) co_return std::unexpected(run.refusal());
        name = run.name();
    }
    co_return path_of_name(name, opening.server().name_rules());
}

void begin_take(const Opening& opening, std::function<Result<void>(std::string)> taker) {
    const Negotiated granted = negotiate(opening.request, opening.settings().options, context_of(opening));
    begin(opening, true, [&] {
        auto exchange = std::make_unique<WriteExchange>(opening.flow, opening.request, granted,
                                                        UploadTarget{nullptr, {}, std::move(taker)});
        WriteExchange& running = *exchange;
        opening.flow->exchange = std::move(exchange);
        running.start(opening.engine().loop().now());
    });
}

// The first answer of a handler that is not to pass; TftpAnswer::pass() if there is none.
net::Task<Result<TftpAnswer>> ask_handlers(const Opening& opening, const Path& path) {
    const bool write = opening.request.is_write();
    for (const Handler& handler : opening.server().handlers()) {
        if (!wants(handler, write, path)) continue;
        const TftpRequest request = describe_for_handlers(*opening.flow, opening.request, path);
        auto answer = co_await opening.server().commons().runtime.disk().run(
            opening.engine().loop(), [&]() -> Result<TftpAnswer> { return handler.call(request); });
        if (!answer || answer->kind() != TftpAnswer::Kind::pass) co_return answer;
    }
    co_return TftpAnswer::pass();
}

void begin_read(const Opening& opening, const OptionContext& context, std::shared_ptr<ReadSource> source) {
    const Negotiated granted = negotiate(opening.request, opening.settings().options, context);
    begin(opening, false, [&] {
        auto exchange = std::make_unique<ReadExchange>(opening.flow, granted, std::move(source));
        ReadExchange& running = *exchange;
        opening.flow->exchange = std::move(exchange);
        running.start(opening.engine().loop().now());
    });
}

// True: the handlers have settled it; else `path` may have become another one.
net::Task<bool> settled_by_handlers(const Opening& opening, Path& path) {
    auto answer = co_await ask_handlers(opening, path);
    if (opening.given_up()) co_return true;
    if (!answer) {
        opening.refuse(answer.error());
        co_return true;
    }
    using Kind = TftpAnswer::Kind;
    const bool write = opening.request.is_write();
    switch (answer->kind()) {
        case Kind::pass: co_return false;
        case Kind::drop: opening.engine().forget(*opening.flow); break;
        case Kind::refuse: opening.refuse(refusal_of(*answer), "its handler"); break;
        case Kind::file: path = answer->path(); co_return false;
        case Kind::content:
        case Kind::take:
            if (write != (answer->kind() == Kind::take) || answer->text().size() > TftpAnswer::most_content) {
                opening.refuse({ErrorCode::undefined, "Internal error"}, "an answer that its handler may not give");
            } else if (write) {
                begin_take(opening, answer->taker());
            } else {
                auto source = std::make_shared<ReadSource>(
                    opening.engine(), chunk_of(answer->text(), opening.request.mode == Mode::netascii));
                OptionContext context = context_of(opening);
                context.size = source->size();
                begin_read(opening, context, std::move(source));
            }
    }
    co_return true;
}

net::Task<void> open_read(Opening opening) {
    Flow& flow = *opening.flow;
    auto path = co_await find_path(opening);
    if (opening.given_up()) co_return;
    if (!path) co_return opening.refuse(path.error(), "its name");
    if (!opening.server().handlers().empty() && co_await settled_by_handlers(opening, *path)) co_return;

    Result<TransferPtr> transfer = fail(Code::not_found, "there is no folder to serve");
    const Tree* tree = nullptr;
    for (const Tree& one : opening.server().trees()) {
        Workspace workspace(opening.server().commons(), flow.engine.loop(), one.user, session_of(flow));
        transfer = co_await workspace.open_read(*path, 0);
        if (opening.given_up()) co_return;
        tree = &one;
        if (transfer || !goes_on(transfer.error().code)) break;
    }
    if (!transfer) co_return opening.refuse(transfer.error());
    if (!readable_by_world(opening, (*transfer)->opened())) {
        const auto ended = co_await (*transfer)->finish(wherry::Outcome::file(Code::denied));
        co_return opening.refuse({ErrorCode::access, "Access violation"}, "others may not read it");
    }
    auto source = std::make_shared<ReadSource>(flow.engine, std::move(*transfer), tree->user->filesystem.get(),
                                               opening.request.mode == Mode::netascii);
    OptionContext context = context_of(opening);
    context.size = source->size();
    if (!context.size && option_number(opening.request, "tsize") &&
        source->transfer().size() <= opening.settings().tsize_scan_max) {
        context.size = co_await source->find_size();
        if (opening.given_up()) co_return;
    }
    begin_read(opening, context, std::move(source));
}

Result<void> check_upload(const Opening& opening, const Path& path) {
    const WriteRules& rules = opening.settings().write;
    if (!name_matches(rules.allow_names, path) || name_matches(rules.deny_names, path)) {
        return fail(Code::denied, "tftp.write.allow_names, deny_names");
    }
    const auto announced = option_number(opening.request, "tsize");
    const bool counts = opening.request.mode == Mode::octet;
    if (announced && counts && rules.max_size != 0 && *announced > rules.max_size) {
        return fail(Code::quota, "it is larger than tftp.write.max_size");
    }
    return {};
}

net::Task<void> open_write(Opening opening) {
    Flow& flow = *opening.flow;
    const WriteRules& rules = opening.settings().write;
    auto path = co_await find_path(opening);
    if (opening.given_up()) co_return;
    if (!path) co_return opening.refuse(path.error(), "its name");
    if (!opening.server().handlers().empty() && co_await settled_by_handlers(opening, *path)) co_return;
    if (rules.mode == WriteMode::off || opening.server().trees().empty()) {
        co_return opening.refuse({ErrorCode::access, "Uploads are not allowed"}, "tftp.write.mode");
    }
    if (const auto allowed = check_upload(opening, *path); !allowed) co_return opening.refuse(allowed.error());
    auto claim = opening.server().uploads().claim(*path);
    if (!claim) {
        const bool create = rules.mode == WriteMode::create;
        co_return opening.refuse(
            create ? Refusal{ErrorCode::exists, "File already exists"} : Refusal{ErrorCode::access, "Access violation"},
            "somebody else is uploading it");
    }
    const Tree& tree = opening.server().trees().front();
    Workspace workspace(opening.server().commons(), flow.engine.loop(), tree.user, session_of(flow));
    WriteRequest request;
    request.atomic = rules.atomic;
    request.overwrite = rules.mode != WriteMode::create;
    request.only_existing = rules.mode == WriteMode::existing;
    request.mode_bits = rules.file_mode;
    if (opening.request.mode == Mode::octet) request.announced = option_number(opening.request, "tsize").value_or(0);
    auto transfer = co_await workspace.open_write(*path, request);
    if (opening.given_up()) co_return;
    if (!transfer) co_return opening.refuse(transfer.error());
    const Negotiated granted = negotiate(opening.request, opening.settings().options, context_of(opening));
    begin(opening, true, [&] {
        auto exchange = std::make_unique<WriteExchange>(opening.flow, opening.request, granted,
                                                        UploadTarget{std::move(*transfer), std::move(claim), {}});
        WriteExchange& running = *exchange;
        flow.exchange = std::move(exchange);
        running.start(flow.engine.loop().now());
    });
}

}  // namespace

net::Task<void> open_request(FlowPtr flow, bool quiet) {
    Server& server = flow->engine.server();
    const Settings& settings = server.settings();
    const auto parsed = parse_request(bytes_of(flow->request), settings.parse);
    Opening opening{flow, parsed ? *parsed : Request(), quiet};
    if (!parsed) co_return opening.refuse(parsed.error(), "the packet");
    const bool write = opening.request.is_write();
    const bool may = write ? permits(settings.write_allow, settings.write_deny, flow->route.peer)
                           : permits(settings.read_allow, settings.read_deny, flow->route.peer);
    if (!may) {
        opening.quiet = quiet || settings.silent_deny;
        co_return opening.refuse({ErrorCode::access, "Access violation"}, "its address");
    }
    flow->timer.set(flow->engine.loop().now() + settings.open_timeout);
    if (write) {
        co_await open_write(std::move(opening));
    } else {
        co_await open_read(std::move(opening));
    }
}

void flow_expired(Flow& flow) {
    Engine& engine = flow.engine;
    const FlowPtr held = engine.find(flow);
    if (!held) return;
    if (flow.state == Flow::State::opening) return engine.refuse(held, {ErrorCode::undefined, "Internal error"});
    engine.forget(flow);
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

SessionInfo session_of(const Flow& flow) {
    SessionInfo info;
    info.protocol = "tftp";
    info.peer = flow.route.peer.ip();
    info.peer_port = flow.route.peer.port();
    return info;
}

std::string describe(const Flow& flow, const Request& request) {
    const auto opcode = opcode_of(bytes_of(flow.request));
    return fmt::format("{} {} \"{}\"", opcode == 2 ? "WRQ" : "RRQ", flow.route.peer.text(), for_log(request.name, 200));
}

}  // namespace wherry::tftp
