#include "tftp/effects.h"

namespace wherry::tftp {

std::string_view name_of(Ending ending) noexcept {
    switch (ending) {
        case Ending::ok: return "ok";
        case Ending::ok_unconfirmed: return "ok_unconfirmed";
        case Ending::probe: return "probe";
        case Ending::refused: return "refused";
        case Ending::client_error: return "client_error";
        case Ending::timeout: return "timeout";
        case Ending::unverified: return "unverified";
        case Ending::superseded: return "superseded";
        case Ending::io_error: return "io_error";
        case Ending::changed: return "changed";
        case Ending::limit: return "limit";
        case Ending::shutdown: return "shutdown";
        case Ending::killed: return "killed";
        case Ending::cancelled: return "cancelled";
    }
    return "?";
}

}  // namespace wherry::tftp
