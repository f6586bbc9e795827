#include "ftp/nat.h"

#include <algorithm>

#include "net/resolve.h"
#include "net/told.h"

namespace wherry::ftp {

std::optional<net::Address> announced_by_rule(const Settings& settings, const net::Address& client,
                                              const net::Address& local) {
    for (const NatForClient& rule : settings.nat_for_clients) {
        if (rule.client.contains(client)) return rule.shown;
    }
    for (const NatForLocal& rule : settings.nat_for_local) {
        if (rule.local.same_host(local)) return rule.shown;
    }
    if (settings.nat_resolver || !settings.nat_host.empty()) return std::nullopt;
    return settings.nat_address;
}

// What the job on the lane needs, for as long as it takes: the session may have gone by then.
struct Nat::Question {
    NatAsk ask;
    std::string host;
    NatQuestion about;
    std::string key;
    net::TimePoint at;
    std::mutex mutex;
    Result<net::Address> answer = fail(Code::timeout, "no answer in time");
};

Result<net::Address> Nat::find_out(const Question& question) {
    if (!question.ask) return net::resolve_ipv4(question.host);
    try {
        const auto text = question.ask(question.about);
        if (!text) return std::unexpected(text.error());
        const auto address = net::Address::parse_ip(*text, 0);
        if (address && !address->is_ipv6() && !address->is_unspecified()) return *address;
        return fail(Code::invalid, "the resolver's answer '" + *text + "' is no IPv4 address");
    } catch (const std::exception& thrown) {
        return fail(Code::internal, std::string("the resolver threw: ") + thrown.what());
    } catch (...) {
        return fail(Code::internal, "the resolver threw something that is no std::exception");
    }
}

std::optional<Nat::Answer> Nat::remembered(const std::string& key) const {
    const std::lock_guard lock(memory_->mutex);
    const auto found = memory_->answers.find(key);
    return found == memory_->answers.end() ? std::nullopt : std::optional(found->second);
}

void Nat::remember(Memory& memory, const std::string& key, const Answer& answer) {
    const std::lock_guard lock(memory.mutex);
    if (memory.answers.size() >= most_answers && !memory.answers.contains(key)) {
        memory.answers.erase(
            std::ranges::min_element(memory.answers, {}, [](const auto& one) { return one.second.at; }));
    }
    memory.answers.insert_or_assign(key, answer);
}

net::Task<Result<net::Address>> Nat::ask(net::Loop& loop, const Settings& settings, NatQuestion about) {
    const auto question = std::make_shared<Question>();
    question->ask = settings.nat_resolver;
    question->host = settings.nat_host;
    // The name of a host is the same for all; an embedder may answer each client differently.
    question->key =
        settings.nat_resolver ? about.client + "\n" + about.local + "\n" + about.user : "host " + question->host;
    question->about = std::move(about);
    question->at = loop.now();
    const auto known = remembered(question->key);
    if (known && loop.now() - known->at < settings.nat_cache) co_return known->address;
    bool may_ask = false;
    {
        const std::lock_guard lock(memory_->mutex);
        may_ask = memory_->questions < most_questions;
        if (may_ask) ++memory_->questions;
    }
    if (may_ask) {
        const auto told = std::make_shared<net::Told>(loop);
        lane_.run_detached(loop, [question, told, memory = memory_] {
            auto answer = find_out(*question);
            if (answer) remember(*memory, question->key, {*answer, question->at});
            {
                const std::lock_guard lock(memory->mutex);
                --memory->questions;
            }
            {
                const std::lock_guard lock(question->mutex);
                question->answer = std::move(answer);
            }
            told->tell();
        });
        co_await told->until(loop.now() + settings.nat_timeout);
    }
    const std::lock_guard lock(question->mutex);
    if (question->answer) co_return *question->answer;
    if (known) co_return known->address;
    co_return std::unexpected(question->answer.error());
}

}  // namespace wherry::ftp
