#pragma once
// tftp::Server: the TFTP service of one server: its listeners, and what the engines of all loops share.
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "access/commons.h"
#include "net/datagram.h"
#include "tftp/admission.h"
#include "tftp/chunk_cache.h"
#include "tftp/handlers.h"
#include "tftp/remap.h"
#include "tftp/settings.h"
#include "tftp/upload_claims.h"

namespace wherry::tftp {

class Engine;

// One of the folders that are served; downloads look through all of them, uploads go to the first.
struct Tree {
    UserPtr user;        // whose files and permissions
    std::string folder;  // its path on this machine, which clients may put in front; empty: unknown
};

class Server {
public:
    // All references must outlive the server.
    Server(Commons& commons, net::Datagrams& datagrams, Settings settings, std::vector<Tree> trees);
    ~Server();  // after stop(), or never started
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // --- before start(): the address it has then
    Result<net::Address> listen(const net::Address& address);

    // --- from any thread
    void start();
    void drain();  // no new requests; running transfers end by themselves
    void stop();   // running transfers end now; Commons::outstanding tells when

    void add_handler(Handler handler) { handlers_.push_back(std::move(handler)); }  // before start()

    // Rules for names from now on; null: none.
    void set_map(std::shared_ptr<const Remap> map);

    // --- for engines
    std::shared_ptr<const Remap> map() const;
    const std::vector<Handler>& handlers() const noexcept { return handlers_; }
    const Settings& settings() const noexcept { return settings_; }
    const NameRules& name_rules() const noexcept { return settings_.names; }
    const std::vector<Tree>& trees() const noexcept { return trees_; }
    Timing timing(std::uint32_t seed) const;
    Commons& commons() noexcept { return commons_; }
    net::Datagrams& datagrams() noexcept { return datagrams_; }
    Admission& admission() noexcept { return admission_; }
    ChunkCache& cache() noexcept { return cache_; }
    UploadClaims& uploads() noexcept { return uploads_; }

private:
    struct Place;

    Commons& commons_;
    net::Datagrams& datagrams_;
    Settings settings_;
    std::vector<Tree> trees_;
    std::vector<Handler> handlers_;
    Admission admission_;
    ChunkCache cache_;
    UploadClaims uploads_;
    mutable std::mutex map_mutex_;
    std::shared_ptr<const Remap> map_;
    std::vector<std::unique_ptr<Place>> places_;  // one per loop
    bool listening_ = false;
};

}  // namespace wherry::tftp
