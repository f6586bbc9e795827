#pragma once
// Events tell what happened; guards may say no before it happens. One small struct each.
//
// Event callbacks run on one thread of the server's own, one after the other, in the order in which the events were
// published; they may block without slowing a session. If they fall behind by more than a bounded number of events, new
// ones are dropped and counted until they catch up (metric wherry_events_dropped_total); commands and requests of TFTP
// are dropped long before anything else is.
//
// Guards run on a worker of the "disk" lane, several at once, before the action; the session waits for the answer.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wherry/path.h"
#include "wherry/result.h"

namespace wherry {

// Who an event is about. `user` is empty before login.
struct SessionInfo {
    std::uint64_t id = 0;    // unique within one server's life
    std::string protocol{};  // "ftp", "tftp", "i2ftp"
    std::string peer{};      // address of the client, IPv4 unwrapped from ::ffff:
    std::uint16_t peer_port = 0;
    std::string user{};
    std::string client{};  // what the client says it is (CLNT, CSID): any text, at most 128 bytes; mostly empty
    std::string local{};   // the address that the client connected to, IPv4 unwrapped
    std::uint16_t local_port = 0;
    bool secure = false;  // the control connection is encrypted
    // Data of the embedder's own: what FtpWelcome::extra gave, from the login on User::extra where there is one. Shared
    // by all that is told of this session, on several threads: guard what you change in it.
    std::shared_ptr<void> extra{};
};

// A session and what it is doing.
struct SessionStatus {
    SessionInfo session{};
    std::string command{};       // the last one that ran, with its argument; secrets are masked
    std::string data_command{};  // how the client asked for its last data connection: "EPSV", "PORT"; empty: not yet
    bool busy = false;           // that command runs: a transfer, or other long work
    std::chrono::milliseconds connected{0};
    std::chrono::milliseconds idle{0};  // since the last command ended
};

namespace event {

struct Connected {
    SessionInfo session{};
};
// A client was turned away at the door: said between Connected and Disconnected.
struct Refused {
    enum class Why : std::uint8_t {
        banned,            // too many failed logins from its address
        sessions,          // the server has as many as it may
        address_sessions,  // the address has
        draining,          // the server lets nobody in any more
        program,           // the greeting of the embedder's said no
    };
    SessionInfo session{};
    Why why = Why::sessions;
    std::string reason{};  // for operators, in words
};
// A TLS handshake of a control connection has ended, well or not.
struct TlsHandshake {
    SessionInfo session{};  // `secure` says which
    std::string version{};  // "TLSv1.3"; empty if it failed
    std::string cipher{};
    std::string server_name{};  // that the client asked for (SNI); empty: none
    Code cause = Code::ok;
    std::string reason{};  // why it failed
    bool complete() const noexcept { return cause == Code::ok; }
};
struct Disconnected {
    SessionInfo session{};
    std::chrono::milliseconds duration{0};
    Code cause = Code::closed;  // closed, reset, timeout, killed
};
struct LoggedIn {
    SessionInfo session{};
};
struct LoginFailed {
    SessionInfo session{};
    std::string name{};    // as the client gave it
    std::string reason{};  // for operators; the client is never told
};
struct LoggedOut {
    SessionInfo session{};
};  // by REIN or a new USER
// A command was answered. Secrets in the argument (PASS, ACCT) are masked.
struct Command {
    SessionInfo session{};
    std::string verb{};
    std::string argument{};
    int reply = 0;
};

// A download or an upload ended, in whatever way.
struct Transferred {
    SessionInfo session{};
    Path path{};
    std::uint64_t offset = 0;  // where in the file it began
    std::uint64_t bytes = 0;   // moved over the data connection
    std::chrono::microseconds duration{0};
    Code cause = Code::ok;
    bool complete() const noexcept { return cause == Code::ok; }
};
struct Sent : Transferred {};
struct Received : Transferred {};

struct DirectoryMade {
    SessionInfo session{};
    Path path{};
};
struct DirectoryRemoved {
    SessionInfo session{};
    Path path{};
};
struct FileRemoved {
    SessionInfo session{};
    Path path{};
};
struct Renamed {
    SessionInfo session{};
    Path from{};
    Path to{};
};
struct ModeChanged {
    SessionInfo session{};
    Path path{};
    std::uint32_t mode = 0;
};
struct TimeChanged {
    SessionInfo session{};
    Path path{};
    std::int64_t modified = 0;  // seconds since 1970-01-01 UTC
    bool created = false;       // that is when it was made, and not when it was changed (MFCT)
};

struct OwnerChanged {
    SessionInfo session{};
    Path path{};
    std::uint32_t uid = 0;
    std::optional<std::uint32_t> gid{};  // none: it stayed
};
struct SymlinkMade {
    SessionInfo session{};
    Path path{};
    Path target{};
};

// --- TFTP tells each of its transfers twice: what it says of them itself, and Sent or Received as everybody.

// An ERROR packet.
struct TftpError {
    std::uint16_t code = 0;
    std::string text{};  // printable
    bool from_client = false;
};
// What few want to know of a request; apart, so that it makes no event larger.
struct TftpDetails {
    std::uint64_t id = 0;  // what transfers() and end_transfer() of TftpService know it by
    std::string mac{};     // the client's hardware address, "00-1b-21-0a-0b-0c", if it is on the same link; else empty
    std::string interface{};                                     // by which the request came: "eth0"; empty: not known
    std::vector<std::pair<std::string, std::string>> options{};  // all that were asked for, in order: any bytes
    std::string handler{};  // the pattern of the on_read(), on_write() or on_missing() that has answered; empty: none
    std::string file{};     // the path on this machine; empty: there is none, it is not known, or nothing was opened
    // Of a transfer that begins:
    std::vector<std::pair<std::string, std::string>> granted{};  // the options that are acknowledged, in order
    // Of one that has ended:
    std::uint64_t restarted = 0;       // of the repeated blocks: in windows that were sent again for a gap
    std::uint64_t probes = 0;          // of these: the last of a window once more, for the client to say what it has
    std::uint64_t duplicates = 0;      // packets of the client that said nothing new: ACKs, or of an upload DATA
    std::optional<double> cached{};    // of a download from files or sources: the part that others had had read before
    std::optional<TftpError> error{};  // the one that was sent, by whichever side
};
struct TftpAsked {
    // Without an id; `local` is what the client has asked, `user` whose files it gets, once that is known: mostly
    // empty.
    SessionInfo session{};
    std::shared_ptr<const TftpDetails> details{};  // never null in what is published
    std::string name{};                            // as the client wrote it: any bytes
    bool upload = false;
    bool text = false;  // netascii, else octet
};
// A request was let in and understood, and what it asks for is looked for. TftpRefused or TftpStarted of the same
// `details->id` come next, or nothing if it is left without an answer.
struct TftpRequested : TftpAsked {};
// A request was answered with an ERROR, or not at all where that is the rule.
struct TftpRefused : TftpAsked {
    std::uint16_t code = 0;  // of the ERROR
    std::string reason{};    // its text
    std::string why{};       // for operators; the client is never told
};
struct TftpStarted : TftpAsked {
    std::uint16_t block_size = 0;   // as granted; 0: a conversation of the program's own
    std::uint16_t window_size = 0;  // in blocks
    Path path{};                    // of the file; "/": a handler of the program's is in its place
    std::optional<std::uint64_t> size{};
};
struct TftpEnded : TftpStarted {
    std::string_view result{};   // "ok", "timeout": as in the log and in the metrics; lasts as long as the program
    std::uint64_t bytes = 0;     // that the other side has
    std::uint64_t blocks = 0;    // DATA packets, also repeated ones
    std::uint64_t repeated = 0;  // of these
    std::uint32_t timeouts = 0;  // of the retransmission timer
    std::uint32_t gaps = 0;      // in windows
    std::optional<std::chrono::microseconds> round_trip{};
    std::chrono::microseconds duration{0};
    std::string peer_error{};  // what the client said in an ERROR; printable
};
// Each transfer that has started ends as one of these.
struct TftpDone : TftpEnded {};      // a download
struct TftpUploaded : TftpEnded {};  // an upload: the file is in its place
struct TftpProbed : TftpEnded {};    // the client only wanted to know the size
struct TftpFailed : TftpEnded {};

}  // namespace event

// All of them. A sink that visits this and misses one does not compile.
using Event =
    std::variant<event::Connected, event::Refused, event::TlsHandshake, event::Disconnected, event::LoggedIn,
                 event::LoginFailed, event::LoggedOut, event::Command, event::Sent, event::Received,
                 event::DirectoryMade, event::DirectoryRemoved, event::FileRemoved, event::Renamed, event::ModeChanged,
                 event::TimeChanged, event::OwnerChanged, event::SymlinkMade, event::TftpRequested, event::TftpRefused,
                 event::TftpStarted, event::TftpDone, event::TftpUploaded, event::TftpProbed, event::TftpFailed>;

// What a guard answers. The text of a refusal goes to the client (made printable, one line).
struct Verdict {
    bool allowed = true;
    std::string reason{};
    static Verdict allow() { return {}; }
    static Verdict refuse(std::string reason) { return {false, std::move(reason)}; }
};

namespace action {

struct Download {
    SessionInfo session{};
    Path path{};
};
struct Upload {
    SessionInfo session{};
    Path path{};
    bool append = false;
    std::uint64_t offset = 0;
};
struct List {
    SessionInfo session{};
    Path path{};
};
struct MakeDirectory {
    SessionInfo session{};
    Path path{};
};
struct RemoveDirectory {
    SessionInfo session{};
    Path path{};
};
struct RemoveFile {
    SessionInfo session{};
    Path path{};
};
struct Rename {
    SessionInfo session{};
    Path from{};
    Path to{};
};
struct ChangeMode {
    SessionInfo session{};
    Path path{};
    std::uint32_t mode = 0;
};
struct ChangeTime {
    SessionInfo session{};
    Path path{};
    std::int64_t modified = 0;  // seconds since 1970-01-01 UTC
    bool created = false;       // that is when it was made, and not when it was changed (MFCT)
};

struct ChangeOwner {
    SessionInfo session{};
    Path path{};
    std::uint32_t uid = 0;
    std::optional<std::uint32_t> gid{};  // none: it is to stay
};
struct MakeSymlink {
    SessionInfo session{};
    Path path{};
    Path target{};
};

}  // namespace action

using Action = std::variant<action::Download, action::Upload, action::List, action::MakeDirectory,
                            action::RemoveDirectory, action::RemoveFile, action::Rename, action::ChangeMode,
                            action::ChangeTime, action::ChangeOwner, action::MakeSymlink>;

}  // namespace wherry
