// What an operator sees of the transfers of an engine.
#include <algorithm>
#include <chrono>

#include "tftp/engine.h"
#include "tftp/packet.h"

namespace wherry::tftp {
namespace {

bool runs(const Flow& flow) { return flow.state == Flow::State::running && !flow.exchange->over(); }

}  // namespace

std::vector<TftpTransfer> Engine::transfers() const {
    std::vector<TftpTransfer> out;
    for (const FlowPtr& flow : flows_) {
        if (!runs(*flow)) continue;
        const auto request = parse_request(flow->request(), flow->settings().parse);
        const Progress progress = flow->exchange->progress();
        TftpTransfer& one = out.emplace_back();
        one.id = flow->serial;
        one.upload = opcode_of(flow->request()) == static_cast<std::uint16_t>(Op::wrq);
        one.peer = flow->route.peer.ip();
        one.peer_port = flow->route.peer.port();
        if (request) one.name = request->name;
        one.bytes = progress.bytes;
        one.size = progress.size;
        one.age = std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - flow->began);
    }
    return out;
}

bool Engine::end_transfer(std::uint64_t serial) {
    const auto found =
        std::ranges::find_if(flows_, [&](const FlowPtr& flow) { return flow->serial == serial && runs(*flow); });
    if (found == flows_.end()) return false;
    const FlowPtr flow = held(*found);  // it leaves the table on the way
    flow->exchange->cancel(Ending::killed, ErrorCode::undefined, "Stopped by administrator");
    return true;
}

}  // namespace wherry::tftp
