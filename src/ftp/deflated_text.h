#pragma once
// DeflatedText: the text of a listing on its way to the client, in MODE Z compressed on the hash lane.
#include <optional>
#include <string>

#include "access/deflate.h"
#include "net/stream.h"
#include "net/task.h"

namespace wherry::ftp {

class Session;

class DeflatedText {
public:
    // MODE as it is now.
    explicit DeflatedText(Session& session);
    net::Task<net::Io> send(net::Stream& stream, const std::string& text);
    // After the last piece. A listing that breaks off goes without it, so that the client sees that.
    net::Task<net::Io> end(net::Stream& stream);

private:
    void pack(const std::string& text);
    void pack_end();

    Session& session_;
    std::optional<Deflater> deflater_;
    std::string packed_;
};

}  // namespace wherry::ftp
