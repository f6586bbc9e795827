#pragma once
// OpenSockets: those that were handed over to this process, until each is taken by the list of the configuration that
// names it. What is left at the end is closed.
#include <string>
#include <string_view>
#include <vector>

#include "net/handed_over.h"
#include "wherry/result.h"

namespace wherry {

class OpenSockets {
public:
    enum class Kind : std::uint8_t { stream, datagram };

    explicit OpenSockets(const std::vector<net::HandedOver>& sockets);

    // All of that name and kind: a unit gives its sockets one name, be they of TCP or of UDP. The error says what to
    // change in the .socket unit.
    Result<std::vector<net::Socket>> take(std::string_view name, Kind kind);
    // What nobody has taken, as a text for the log; empty: nothing.
    std::string left() const;

private:
    struct One {
        std::string name;
        Kind kind;
        net::Socket socket;  // without a descriptor once it was taken
    };
    std::string names() const;
    std::vector<One> all_;
};

}  // namespace wherry
