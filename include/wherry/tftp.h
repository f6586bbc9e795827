#pragma once
// The TFTP side of a Server, and requests that the program answers itself.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "wherry/path.h"
#include "wherry/result.h"

namespace wherry {

class Server;

// What a client has asked for (RFC 1350). Who asks by TFTP has no name and proves nothing: the address may be forged.
struct TftpRequest {
    bool upload = false;
    bool text = false;                                         // netascii: line ends are converted on the way
    std::string name;                                          // raw, as it came
    Path path;                                                 // after the rules for names
    std::vector<std::pair<std::string, std::string>> options;  // all that came, in order
    std::string peer;                                          // the client's address, IPv4 unwrapped from ::ffff:
    std::uint16_t peer_port = 0;
    std::string local;      // the address of this machine that was asked
    std::string mac;        // the client's hardware address, "00-1b-21-0a-0b-0c", if it is on the same link; else empty
    std::string interface;  // "eth0"; empty: not known
    std::chrono::milliseconds waited{0};  // for a worker that calls the handler: its client may have asked again
};

// Content of a download that is asked for piece by piece.
struct TftpSource {
    // Reads at `offset` into `into`: fewer bytes than asked for only at the end, 0 at or past it. The same bytes again
    // whenever it is asked for the same place, since what was lost is sent again. Called on a worker, one call after
    // the other; may block, for thirty seconds at most. A failure or an exception ends the download with ERROR 0.
    std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte> into)> read;
    // In bytes; a source that ends before it has failed. nullopt: not known, then clients are told no size (tsize), and
    // the content ends with the first read that gives less than was asked for.
    std::optional<std::uint64_t> size{};
    // Of content that is the same for all who get it: what one client has had stays in the cache for the others, whose
    // sources are asked only for what is not there (any more). Another key for another content. Empty: nobody shares.
    std::string cache_key{};
};

// Where an upload goes piece by piece: the mirror of a TftpSource. Once a handler has answered with one, it ends in
// exactly one way: with a commit() that succeeds, or with discard(). All calls come on a worker, one after the other,
// and may block: the client then waits, and no more than 1 MiB and three windows of its upload are kept meanwhile.
struct TftpSink {
    // The next bytes, of which `offset` have come before; text has its line ends converted. A failure or an exception
    // ends the upload and is told to the client: in the words of refuse(), else by an ERROR of its code.
    std::function<Result<void>(std::uint64_t offset, std::span<const std::byte> bytes)> write;
    // All has come. The last ACK waits for this (unless tftp.write.final_ack is "at_receipt"); after sixty seconds the
    // client is told that it failed, whatever becomes of it then. A failure is told as that of write().
    std::function<Result<void>()> commit{};
    // It ends otherwise: the client has gone or gives up, it is too large, something has failed (commit() as well), the
    // server stops. Also of an upload that never began, after all.
    std::function<void()> discard{};
    // In bytes on the wire, beside what TftpService::max_upload() says.
    std::optional<std::uint64_t> max_size{};
};

// A conversation of the program's own in the place of a transfer, for requests that want other packets than TFTP has.
// It has what a transfer has: a port, from which packets of this client alone come; a place among those that are
// counted, observed and ended; the time-outs tftp.timers.stall, of silence, and transfer_max.
//
// Called on a worker, one call after the other; may block. Packets that come meanwhile wait, at most 64 of them. What
// it throws ends it with ERROR 0.
class TftpExchange {
public:
    static constexpr std::size_t most_packet = 16384;  // bytes
    // What is to be done now.
    struct Next {
        // Datagrams for the client, in this order. Before something has come from its port, anybody could have forged
        // the request: until then at most four, of TftpPacket::most_answer bytes each, and the first of them again
        // whenever the request is repeated. Others are not sent, and the log says so.
        std::vector<std::string> packets{};
        std::optional<std::chrono::milliseconds> wake{};  // until on_timer(), unless there is another call before
        std::optional<Code> ended{};  // over, and how: Code::ok if well. The client hears only what is in `packets`
    };
    virtual ~TftpExchange() = default;
    virtual Next on_start() = 0;
    // A datagram from the client, of at least two bytes, whatever its opcode; ERRORs as well. With
    // TftpService::single_port() not those that are requests, or for a handler of on_opcode().
    virtual Next on_packet(std::string bytes) = 0;
    virtual Next on_timer() { return {}; }
    // Once, after all other calls: what `ended` has said, or Code::timeout, aborted, killed; internal: it has thrown.
    virtual void on_end(Code) {}
};

// What a handler says to a request.
class TftpAnswer {
public:
    static constexpr std::size_t most_content = std::size_t{16} << 20U;  // bytes

    static TftpAnswer pass() { return TftpAnswer(Kind::pass); }  // the next handler, then the served folders
    static TftpAnswer drop() { return TftpAnswer(Kind::drop); }  // no answer at all
    // Downloads: these bytes; more than most_content are refused.
    static TftpAnswer content(std::string bytes);
    // The same, made once for all who get the content of that key, as long as it is in the cache; all of them send from
    // the same memory. `make` is called on a worker, and only if it is not there; clients that ask meanwhile wait.
    static TftpAnswer content(std::string cache_key, std::function<Result<std::string>()> make);
    // Downloads of any length.
    static TftpAnswer source(TftpSource source);
    // Another file of the served folders. What the configuration says of requests for that name holds for it.
    static TftpAnswer file(Path path);
    // Downloads and uploads: not these at all, but a conversation; one of its own for each. Options are its own
    // business.
    static TftpAnswer exchange(std::shared_ptr<TftpExchange> exchange);
    // An ERROR packet; 1 not found, 2 not allowed, 3 no room, 6 exists, 7 no such user; else 0.
    static TftpAnswer refuse(std::uint16_t code, std::string text);
    // Uploads: called with all that came, at most most_content bytes, on a worker; the client is told how it ended.
    static TftpAnswer take(std::function<Result<void>(std::string content)> taker);
    // Uploads of any length. A sink of its own for each.
    static TftpAnswer sink(TftpSink sink);

    // --- of an answer that begins a transfer, also of one of file()

    // At most so much is granted, beside what holds for all: bytes of a block, blocks of a window.
    TftpAnswer blksize_max(std::uint16_t bytes) &&;
    TftpAnswer windowsize_max(std::uint16_t blocks) &&;
    // Grants an option that Wherry does not know, with that value, if the client has asked for it: RFC 2347 forbids
    // others in an OACK. It counts before the handlers of on_option().
    TftpAnswer option(std::string name, std::string value) &&;

    enum class Kind : std::uint8_t { pass, drop, content, shared_content, source, file, refuse, take, sink, exchange };
    struct Limits {
        std::optional<std::uint16_t> blksize{};
        std::optional<std::uint16_t> windowsize{};
    };
    Kind kind() const noexcept { return kind_; }
    // The content, the key of the content that is shared, or the words of the refusal.
    const std::string& text() const noexcept { return text_; }
    const std::function<Result<std::string>()>& maker() const noexcept { return maker_; }
    const TftpSource& source() const noexcept { return source_; }
    const Limits& limits() const noexcept { return limits_; }
    const std::vector<std::pair<std::string, std::string>>& options() const noexcept { return options_; }
    const Path& path() const noexcept { return path_; }
    std::uint16_t code() const noexcept { return code_; }
    const std::function<Result<void>(std::string)>& taker() const noexcept { return taker_; }
    const TftpSink& sink() const noexcept { return sink_; }
    const std::shared_ptr<TftpExchange>& exchange() const noexcept { return exchange_; }

private:
    explicit TftpAnswer(Kind kind) : kind_(kind) {}
    Kind kind_;
    std::uint16_t code_ = 0;
    std::string text_;
    Path path_;
    std::function<Result<void>(std::string)> taker_;
    std::function<Result<std::string>()> maker_;
    TftpSource source_;
    TftpSink sink_;
    std::shared_ptr<TftpExchange> exchange_;
    Limits limits_;
    std::vector<std::pair<std::string, std::string>> options_;
};

// Called on a worker, several at once; may block, for ten seconds at most. One that throws refuses the request.
using TftpHandler = std::function<TftpAnswer(const TftpRequest&)>;

// An option that Wherry does not know (RFC 2347), in a request: a text is what the OACK says, nullopt passes the option
// over as if it were not known, an error ends the request with ERROR 8 and, if it is one of refuse(), with its words.
// Called as a TftpHandler is; an exception ends the request with ERROR 0.
using TftpOptionHandler =
    std::function<Result<std::optional<std::string>>(const std::string& value, const TftpRequest& request)>;

// A datagram of an opcode that TFTP does not have.
struct TftpPacket {
    static constexpr std::size_t most_answer = 516;  // bytes; nobody has proved to be at that address
    std::string bytes;                               // the opcode's two first
    std::string peer;
    std::uint16_t peer_port = 0;
    std::string local;
};
// The datagram to answer with, at most TftpPacket::most_answer bytes; nullopt: none. Called as a TftpHandler is; an
// exception is answered with ERROR 0.
using TftpOpcodeHandler = std::function<std::optional<std::string>(const TftpPacket&)>;

enum class TftpUploads : std::uint8_t {
    off,
    create,     // new names only
    existing,   // names that are there only, of files that everybody on this machine may write
    overwrite,  // both
};

// A transfer that runs, as it was at the moment when it was asked for. Who asks by TFTP has no name.
struct TftpTransfer {
    std::uint64_t id = 0;  // from 1 on; not given to another one as long as that matters (4 thousand million requests)
    bool upload = false;
    std::string peer;  // the client's address
    std::uint16_t peer_port = 0;
    std::string name;                   // raw, as it came
    std::uint64_t bytes = 0;            // on the wire: acknowledged by the client, or received from it
    std::optional<std::uint64_t> size;  // on the wire, of the whole, where that is known; of an upload as announced
    std::chrono::milliseconds age{0};   // since the request
};

// Told of transfers. All calls come one after the other, in the order in which things happened, on a worker; they may
// block without slowing a transfer. A function that falls behind by more than 4096 calls is not told of progress until
// it has caught up, and of nothing beyond 65536. What it throws goes to the log. Functions that are not set are not
// called.
struct TftpObserver {
    std::function<void(const TftpTransfer&)> started{};
    // Once a second, if anything has moved since the last time.
    std::function<void(const TftpTransfer&)> progress{};
    // Code::ok: all of it is there; else why not: timeout, aborted (by the client), io, denied, killed ...
    std::function<void(const TftpTransfer&, Code)> finished{};
};

// What may be set about TFTP, from Server::tftp(). As with FtpService: a handle; all before Server::start(), but for
// transfers() and end_transfer(); mistakes are remembered and start() fails with them. A server that listens nowhere
// has no TFTP.
class TftpService {
public:
    // "0.0.0.0:69", "[::1]:6969", "boot.example:69" for all addresses of that host as start() finds them (it waits for
    // the answer), or "*:69" for all addresses of the machine; port 0 lets the system choose. Again for more.
    TftpService listen(std::string address);
    // A socket of UDP that is bound already: from systemd, or opened before privileges were dropped. The server closes
    // it. One loop alone reads from it: where requests are many, give it as many sockets (SO_REUSEPORT) as it has
    // loops. Let IP_PKTINFO and IPV6_RECVPKTINFO be set before it is bound: requests that came without are not
    // answered.
    TftpService listen_on(int descriptor);
    // A folder of this machine, for everybody to read. Again for further ones, which are looked through in this order;
    // uploads go to the first.
    TftpService serve(std::string folder);
    TftpService uploads(TftpUploads mode);         // default off; think before you let strangers write
    TftpService max_upload(std::uint64_t bytes);   // default 256 MiB
    TftpService single_port(bool on);              // all transfers on the port of the requests; default false
    TftpService max_window(std::uint16_t blocks);  // default 64
    TftpService map_file(std::string file);        // rules for names, as tftpd-hpa has them

    // Asked in the order of adding, before the folders. `pattern` is compared with the path without its first slash:
    // '*' is any text, '?' any byte.
    TftpService on_read(std::string pattern, TftpHandler handler);
    TftpService on_write(std::string pattern, TftpHandler handler);
    // The same for downloads of what is in none of the folders, once that is known; asked after those of on_read().
    TftpService on_missing(std::string pattern, TftpHandler handler);
    // `name` in any case; those that Wherry serves itself cannot be replaced.
    TftpService on_option(std::string name, TftpOptionHandler handler);
    // From 7 on. Requests come to the ports of listen(); answers are counted against forged addresses as all others.
    TftpService on_opcode(std::uint16_t opcode, TftpOpcodeHandler handler);
    // Again for more. A request that is refused is no transfer.
    TftpService observe(TftpObserver observer);

    // --- while the server serves; from any thread, of an attached server from the one that turns its loop ----------
    // What runs, the oldest first. Waits for the loops to tell, which takes microseconds; one that has not told within
    // two seconds is left out.
    std::vector<TftpTransfer> transfers() const;
    // Ends it: its client is sent ERROR 0 "Stopped by administrator", what has come of an upload is dropped as after
    // any broken one, and its event says Code::killed. False: there is no such transfer (any more). An upload that has
    // all come and is just being published is published all the same.
    bool end_transfer(std::uint64_t id);

private:
    friend class Server;
    explicit TftpService(Server& server) : server_(&server) {}
    Server* server_;
};

}  // namespace wherry
