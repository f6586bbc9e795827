// What the program has to say to a request: handlers of options, and of whole requests.
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "core/text.h"
#include "net/told.h"
#include "tftp/open.h"
#include "tftp/opening.h"
#include "tftp/permits.h"
#include "tftp/upload_target.h"

namespace wherry::tftp {
namespace {

// Runs `function`, which returns a Result, on a worker; an exception becomes Code::internal.
template <class Function>
auto on_worker(const Opening& opening, net::Lane& lane, Function function) {
    return lane.run(opening.engine().loop(), std::move(function));
}
template <class Function>
auto on_worker(const Opening& opening, Function function) {
    return on_worker(opening, opening.server().commons().runtime.disk(), std::move(function));
}

// The first answer of a handler that is not to pass; TftpAnswer::pass() if there is none.
net::Task<Result<TftpAnswer>> ask_handlers(const Opening& opening, TftpRequest& request, bool missing) {
    Commons& commons = opening.server().commons();
    for (const Handler& handler : opening.server().handlers()) {
        if (!wants(handler, request.upload, missing, request.path)) continue;
        const Time asked = opening.engine().loop().now();
        net::Lane& lane = handler.lane != nullptr ? *handler.lane : commons.runtime.disk();
        auto answer = co_await on_worker(opening, lane, [&]() -> Result<TftpAnswer> {
            const auto waited = commons.runtime.clock().now() - asked;
            request.waited = std::chrono::duration_cast<std::chrono::milliseconds>(waited);
            return handler.call(request);
        });
        if (answer && answer->kind() == TftpAnswer::Kind::pass) continue;
        opening.flow->handler = static_cast<std::uint16_t>(&handler - opening.server().handlers().data() + 1);
        co_return answer;
    }
    co_return TftpAnswer::pass();
}

// As the client hears of it; an operator reads more in the log.
Refusal refusal_of_option(const Opening& opening, const OptionMaker& option, const Error& error) {
    opening.server().commons().log.warning("tftp: the handler of the option {}: {}", option.name, error.message);
    if (error.code == Code::internal) return {ErrorCode::undefined, "Internal error"};
    return {ErrorCode::option, error.shown ? printable(error.message) : "Option negotiation failed"};
}

// What handlers say to the options they are for. The first of several with a name counts.
net::Task<void> ask_about_options(Opening& opening, const TftpRequest& request) {
    const auto& asked = opening.request.options;
    for (const OptionMaker& option : opening.server().options()) {
        const auto found =
            std::ranges::find_if(asked, [&](const OptionPair& pair) { return iequals(pair.name, option.name); });
        if (found == asked.end()) continue;
        const std::string value(found->value);
        auto answer = co_await on_worker(opening, [&] { return option.call(value, request); });
        if (!answer) {
            opening.answers.emplace_back(found->name, refusal_of_option(opening, option, answer.error()));
        } else if (*answer) {
            opening.answers.emplace_back(found->name, std::move(**answer));
        }
    }
}

// What a handler has set for this transfer alone.
void take_limits(Opening& opening, const TftpAnswer& answer) {
    opening.limits = answer.limits();
    for (const auto& [name, value] : answer.options()) {
        const auto& asked = opening.request.options;
        const auto found =
            std::ranges::find_if(asked, [&](const OptionPair& pair) { return iequals(pair.name, name); });
        if (found != asked.end()) opening.answers.insert(opening.answers.begin(), {found->name, value});
    }
}

bool is_text(const Opening& opening) { return opening.request.mode == Mode::netascii; }

void refuse_answer(const Opening& opening) {
    opening.refuse({ErrorCode::undefined, "Internal error"}, "an answer that its handler may not give");
}

void send_whole(const Opening& opening, ChunkPtr whole) {
    const std::uint64_t size = whole->size;
    begin_read(opening, ReadSource(size), size, std::move(whole));
}

// Content that all who get it share. It is made for the first who asks, the others wait for that; and it is kept also
// if he has gone meanwhile.
net::Task<void> send_shared(const Opening& opening, const TftpAnswer& answer) {
    ChunkCache& cache = opening.server().cache();
    Metrics& metrics = opening.server().commons().metrics;
    net::Loop& loop = opening.engine().loop();
    const ContentKey key = key_of_whole(answer.text(), is_text(opening));
    const Time late = loop.now() + opening.settings().open_timeout;
    while (!opening.given_up()) {
        const auto made = std::make_shared<net::Told>(loop);
        auto claim = cache.claim(key, 0, [made] { made->tell(); });
        if (claim.chunk) {
            metrics.add(Metric::tftp_cache_hits_total);
            co_return send_whole(opening, std::move(claim.chunk));
        }
        if (!claim.load) {
            co_await made->until(late);
            if (made->told() || opening.given_up()) continue;
            co_return opening.refuse({ErrorCode::undefined, "Internal error"}, "its content is late");
        }
        auto chunk = co_await on_worker(opening, [&]() -> Result<Chunk> {
            const auto content = answer.maker()();
            if (!content) return std::unexpected(content.error());
            if (content->size() > TftpAnswer::most_content) return fail(Code::internal, "the content is too long");
            return chunk_of(*content, is_text(opening));
        });
        metrics.add(Metric::tftp_cache_loads_total, chunk ? TftpLoad::ok : TftpLoad::failed);
        if (!chunk) {
            cache.failed(key, 0);
            if (!opening.given_up()) opening.refuse(chunk.error());
            co_return;
        }
        ChunkPtr whole = cache.loaded(key, std::move(*chunk));
        if (!opening.given_up()) send_whole(opening, std::move(whole));
        co_return;
    }
}

net::Task<void> send_source(const Opening& opening, const TftpAnswer& answer) {
    ReadSource source(std::make_shared<Content>(answer.source(), opening.server().next_content()), is_text(opening));
    const auto size = co_await size_to_tell(opening, source);
    if (!opening.given_up()) begin_read(opening, std::move(source), size);
}

// Nowhere, if the answer is none for an upload. What it names is discarded from here on unless the upload succeeds.
UploadTarget target_of(const Opening& opening, const TftpAnswer& answer) {
    using Kind = TftpAnswer::Kind;
    if (answer.kind() != Kind::take && answer.kind() != Kind::sink) return {};
    TftpSink sink = answer.kind() == Kind::take ? sink_of(answer.taker()) : answer.sink();
    return UploadTarget(
        std::make_unique<ProgramSink>(std::move(sink), opening.server().commons(), opening.engine().loop()));
}

void receive(const Opening& opening, UploadTarget target) {
    const std::uint64_t most = target.most_bytes(opening.settings().write.max_size);
    if (const auto may = may_be_as_large(most, opening.request); !may) return opening.refuse(may.error());
    begin_write(opening, std::move(target));
}

// An answer that stands for the file itself.
net::Task<void> answer_with(const Opening& opening, const TftpAnswer& answer, UploadTarget target) {
    using Kind = TftpAnswer::Kind;
    if (answer.kind() == Kind::exchange && answer.exchange()) co_return begin_exchange(opening, answer.exchange());
    if (opening.request.is_write() != static_cast<bool>(target) || answer.kind() == Kind::exchange)
        co_return refuse_answer(opening);
    switch (answer.kind()) {
        case Kind::take:
        case Kind::sink: receive(opening, std::move(target)); break;
        case Kind::shared_content: co_await send_shared(opening, answer); break;
        case Kind::source: co_await send_source(opening, answer); break;
        default:
            if (answer.text().size() > TftpAnswer::most_content) co_return refuse_answer(opening);
            send_whole(opening, std::make_shared<const Chunk>(chunk_of(answer.text(), is_text(opening))));
    }
}

}  // namespace

bool has_to_ask(const Opening& opening, const Path& path, Asked when) {
    const bool missing = when == Asked::missing;
    if (!missing && !opening.server().options().empty()) return true;
    return std::ranges::any_of(opening.server().handlers(), [&](const Handler& handler) {
        return wants(handler, opening.request.is_write(), missing, path);
    });
}

net::Task<Said> ask_program(Opening& opening, Path& path, Asked when) {
    const bool missing = when == Asked::missing;
    TftpRequest request = describe_for_handlers(opening, path);
    if (!missing) co_await ask_about_options(opening, request);
    if (opening.given_up()) co_return Said::all;
    auto answer = co_await ask_handlers(opening, request, missing);
    UploadTarget target = answer ? target_of(opening, *answer) : UploadTarget();
    if (opening.given_up()) co_return Said::all;
    if (!answer) {
        opening.refuse(answer.error());
        co_return Said::all;
    }
    take_limits(opening, *answer);
    using Kind = TftpAnswer::Kind;
    switch (answer->kind()) {
        case Kind::pass: co_return Said::nothing;
        case Kind::drop: opening.engine().forget(*opening.flow); break;
        case Kind::refuse: opening.refuse(refusal_of(*answer), "its handler"); break;
        case Kind::file:
            path = answer->path();
            opening.flow->policy = policy_of(opening, path);
            co_return Said::file;
        default: co_await answer_with(opening, *answer, std::move(target));
    }
    co_return Said::all;
}

}  // namespace wherry::tftp
