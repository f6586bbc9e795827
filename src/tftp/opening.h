#pragma once
// Opening: a request while it is looked at: who may, what the name means, which file it is. open.cpp goes through the
// steps, find.cpp knows names and folders, program.cpp asks the handlers of the program. Machines that boot ask for
// many small files, each a request: a coroutine that would have nothing to do is not even made.
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/transfer.h"
#include "access/workspace.h"
#include "net/task.h"
#include "tftp/engine.h"
#include "tftp/flow.h"
#include "tftp/options.h"
#include "tftp/packet.h"
#include "tftp/read_exchange.h"
#include "tftp/server.h"
#include "tftp/write_exchange.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

struct Opening {
    FlowPtr flow;
    Request request;                                                   // views into flow->request()
    PolicyPtr base{};                                                  // before the rules had their say
    std::optional<net::Mac> mac{};                                     // if somebody wants to know
    std::vector<std::pair<std::string_view, OptionAnswer>> answers{};  // to options of the program's own
    TftpAnswer::Limits limits{};                                       // that a handler has set

    Engine& engine() const { return flow->engine; }
    Server& server() const { return engine().server(); }
    const Settings& settings() const { return flow->settings(); }
    bool given_up() const { return flow->state != Flow::State::opening; }

    void refuse(const Refusal& refusal, std::string_view why) const;
    void refuse(const Error& error) const;
};

// From the name in the request to the name that the rules of the map make of it; there is a map.
net::Task<std::expected<std::string, Refusal>> mapped_name(const Opening& opening);

// What holds for `path`, as the rules about clients and names say.
PolicyPtr policy_of(const Opening& opening, const Path& path);

// Where `path` is in a tree: in the client's own folder if it has one. Code::denied if it must have one.
net::Task<Result<Path>> place_in(const Opening& opening, const Tree& tree, const Path& path);

// Makes the folders that `path` needs and that are not there, the outermost first, and no more than a few.
net::Task<Result<void>> make_folders(Workspace& workspace, Path path);

struct Found {
    TransferPtr transfer;
    const Tree* tree = nullptr;
};
// Opens a file for reading in the first tree that has it. nullopt: the opening was given up meanwhile.
net::Task<std::optional<Result<Found>>> find_file(const Opening& opening, const Path& path);

// --- the transfer begins, or the request is refused after all

void begin_write(const Opening& opening, UploadTarget target);
// `size`: on the wire, as clients may be told it. `whole`: of a source that is neither a file nor a Content.
void begin_read(const Opening& opening, ReadSource source, std::optional<std::uint64_t> size, ChunkPtr whole = nullptr);
// A conversation of the program's own.
void begin_exchange(const Opening& opening, std::shared_ptr<TftpExchange> exchange);
// The size of a source on the wire. Text may have to be read for it: the opening may have been given up meanwhile.
net::Task<std::optional<std::uint64_t>> size_to_tell(const Opening& opening, ReadSource& source);

// What handlers of the program have to say, and when they are asked: before the folders, or of what is in none of them.
enum class Asked : std::uint8_t { first, missing };
enum class Said : std::uint8_t {
    nothing,
    file,  // `path` has become another one, and what the rules say of that one holds
    all,   // nothing is left to do
};
bool has_to_ask(const Opening& opening, const Path& path, Asked when);  // somebody wants to be asked
net::Task<Said> ask_program(Opening& opening, Path& path, Asked when);

// Whether another folder, or another name, may have what is not here.
bool goes_on(Code code) noexcept;

}  // namespace wherry::tftp
