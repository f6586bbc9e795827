#pragma once
// tftp::Server: the TFTP service of one server: its listeners, and what the engines of all loops share.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "access/commons.h"
#include "access/name_index.h"
#include "access/open_files.h"
#include "core/live.h"
#include "net/datagram.h"
#include "tftp/admission.h"
#include "tftp/chunk_cache.h"
#include "tftp/handlers.h"
#include "tftp/observing.h"
#include "tftp/policy.h"
#include "tftp/upload_claims.h"
#include "tftp/write_machine.h"

namespace wherry::tftp {

class Engine;

// `wanted`, or, where that is 0, one that nobody can guess.
std::uint64_t seed_of(std::uint64_t wanted);

class Server {
public:
    // All references must outlive the server.
    Server(Commons& commons, net::Datagrams& datagrams, Policy policy);
    ~Server();  // after stop(), or never started
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // --- before start(): the address it has then
    Result<net::Address> listen(const net::Address& address, net::Families families = net::Families::both);
    // On a socket that is bound already. Only one loop reads from it, another one for each.
    Result<net::Address> listen(net::Socket bound);

    // --- from any thread
    void start();
    void drain();  // no new requests; running transfers end by themselves
    void stop();   // running transfers end now; Commons::outstanding tells when

    // What runs, loop by loop: `told` is called loops() times, on their threads.
    std::size_t loops() const noexcept { return places_.size(); }
    void list(std::function<void(std::vector<TftpTransfer>)> told);
    // Ends a transfer of that list; `told` is called once, on a loop's thread: false if there is none (any more).
    void end(std::uint64_t id, std::function<void(bool)> told);

    // For requests that come from now on. What sockets are made with, and the size of the cache, stay as at the start.
    void set(Policy policy);

    // --- before start()
    void add_handler(Handler handler) { handlers_.push_back(std::move(handler)); }
    void add_option(OptionMaker option) { options_.push_back(std::move(option)); }
    void add_opcode(std::uint16_t opcode, TftpOpcodeHandler call) { opcodes_[opcode] = std::move(call); }
    void add_observer(TftpObserver observer) { observers_.add(std::move(observer)); }

    // --- for engines
    PolicyPtr policy() const { return policy_.get(); }
    // Whether there are clients whose packets are told to the log.
    bool traces() const noexcept { return traces_.load(std::memory_order_relaxed); }
    const Settings& at_start() const noexcept { return at_start_->settings; }
    const std::vector<Handler>& handlers() const noexcept { return handlers_; }
    const std::vector<OptionMaker>& options() const noexcept { return options_; }
    const TftpOpcodeHandler* opcode(std::uint16_t opcode) const noexcept;
    Commons& commons() noexcept { return commons_; }
    net::Datagrams& datagrams() noexcept { return datagrams_; }
    Admission& admission() noexcept { return admission_; }
    ChunkCache& cache() noexcept { return cache_; }
    std::uint64_t next_content() noexcept { return contents_.fetch_add(1, std::memory_order_relaxed) + 1; }
    Observers& observers() noexcept { return observers_; }
    // Under which the program knows the transfer of that serial.
    std::uint64_t id_of(const Engine& engine, std::uint64_t serial) const;
    UploadClaims& uploads() noexcept { return uploads_; }
    ReorderBudget& reorder_budget() noexcept { return reorder_budget_; }
    NameIndex& name_index() noexcept { return name_index_; }
    OpenFiles& open_files() noexcept { return open_files_; }

private:
    struct Place;

    Commons& commons_;
    net::Datagrams& datagrams_;
    Live<Policy> policy_;
    const PolicyPtr at_start_;
    std::atomic<bool> traces_{false};
    std::vector<Handler> handlers_;
    std::vector<OptionMaker> options_;
    std::map<std::uint16_t, TftpOpcodeHandler> opcodes_;
    Admission admission_;
    ChunkCache cache_;
    std::atomic<std::uint64_t> contents_{0};
    Observers observers_;
    UploadClaims uploads_;
    ReorderBudget reorder_budget_;
    NameIndex name_index_;
    OpenFiles open_files_;
    std::vector<std::unique_ptr<Place>> places_;  // one per loop
    std::size_t adopted_ = 0;                     // sockets that were bound already
    bool listening_ = false;
};

}  // namespace wherry::tftp
