#pragma once
// Session: the control connection of one client (RFC 959). Reads lines, lets a command through when its row in
// commands.cpp says it may run, sends replies. Transfers run beside it, one at a time; meanwhile only the rows marked
// `anytime` are answered, all others wait in a short queue, so that replies keep the order of the commands.
//
// Belongs to one loop.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/commons.h"
#include "access/transfer.h"
#include "access/work.h"
#include "access/workspace.h"
#include "core/text.h"
#include "core/token_bucket.h"
#include "ftp/charset.h"
#include "ftp/command_line.h"
#include "ftp/commands.h"
#include "ftp/data_channel.h"
#include "ftp/facts.h"
#include "ftp/hooks.h"
#include "ftp/line_splitter.h"
#include "ftp/reply.h"
#include "net/scope.h"
#include "net/tls_stream.h"

namespace wherry {
struct Admission;
}

namespace wherry::ftp {

class Server;

class Session final : net::EndOfTurn {
public:
    // `serial`: unique among the sessions of this server's life.
    Session(Server& server, net::Post& place, std::uint64_t serial, net::StreamPtr control, const Door& door);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    net::Task<void> run();  // from the greeting to the end

    // --- from the side, on the loop's thread -------------------------------------------------------------------------
    // Ends the session with a 421; a running transfer fails with `cause`.
    void end(Code cause, std::string_view farewell);
    // Ends it now if no transfer runs, else when that has ended.
    void drain();

    // --- for commands ------------------------------------------------------------------------------------------------
    // Names as the client writes and reads them.
    std::string to_client(std::string_view text) const {
        return charset_ ? charset_->from_utf8(text) : std::string(text);
    }
    bool has_charset() const noexcept { return charset_.has_value(); }
    // OPTS UTF8: false if there is no other charset to go back to.
    bool use_utf8(bool on);
    // What TYPE is before the client has said it.
    Encoding first_encoding() const noexcept {
        return settings_->ascii == Ascii::convert ? Encoding::ascii : Encoding::image;
    }
    // Replies are gathered and sent at the end of the loop's turn.
    void reply(const Reply& reply);
    void reply(int code, std::string_view text) { reply(Reply(code, text)); }
    // The reply for an error; causes that are the server's own go to the log as well.
    void refuse(const Error& error);
    // What the client meant, from where it stands.
    Result<Path> resolve(std::string_view text) const { return Path::resolve(cwd, text); }

    // Opens the data connection: says 125 or 150 with `text`, waits for the client. Null if that failed; the reply has
    // then been given.
    net::Task<net::StreamPtr> open_data(std::string_view text);
    // The file transfer that is under way: its command puts it here, so that STAT can tell of it.
    TransferPtr& running() noexcept { return running_; }
    // Ends it after it moved over `stream`: closes that, settles the file, gives the final reply.
    net::Task<void> end_transfer(net::StreamPtr stream, Outcome outcome);
    // Ends it before any byte moved; the reply has been given.
    net::Task<void> abandon(Code cause);
    // Says what long work this command (a row with `transfer`) does; until it returns.
    Work& begin_work(std::string what);
    const Work* work() const noexcept { return work_ ? &*work_ : nullptr; }
    // Ends a data connection that carried no file.
    net::Task<void> end_data(net::StreamPtr stream, net::Io last);
    bool transferring() const noexcept { return !transfers_.empty(); }
    // Ends what runs beside us: the data connection, or the work without one.
    void interrupt(Code cause);
    net::Scope::Join transfer_end() noexcept { return transfers_.join(); }
    DataChannel& data() noexcept { return data_; }
    // What PASV announces: an address that the settings name or find out, else `own`.
    net::Task<Result<net::Address>> announced_address(net::Address own);

    net::Task<void> log_in(Password password);
    // The login that needs no password, if a rule lets the client's certificate have it; false: it does not.
    net::Task<bool> log_in_by_certificate();
    void log_out();
    bool logged_in() const noexcept { return workspace_ != nullptr; }
    Workspace& workspace() noexcept { return *workspace_; }
    void close_after_replies() noexcept { ending_ = true; }
    // What the embedder has to say, on a lane (session_hooks.cpp). A name that is refused has been answered.
    net::Task<bool> takes_name(std::string_view name);
    net::Task<std::string> quit_text();
    // Checks what `row` needs and runs it; for SITE.
    net::Task<void> call(const Row& row, std::string_view argument);

    // --- TLS: session_tls.cpp ----------------------------------------------------------------------------------------
    bool tls_offered() const;
    // Begins TLS on the control connection, and forgets all that was said in clear. False: the session ends.
    net::Task<bool> secure_control();
    // Ends it again (CCC).
    net::Task<void> clear_control();
    // Null while the control connection is in clear.
    const net::TlsStream* tls() const noexcept { return tls_; }
    // The name of the server that the client asked for in its TLS handshake (SNI); empty: none, or no TLS.
    std::string_view server_name() const noexcept { return tls_ != nullptr ? tls_->server_name() : std::string_view(); }
    const TlsRules& tls_rules() const noexcept { return settings_->tls; }
    Protection control_rule() const noexcept;  // with what the door adds to the rules
    Protection data_rule() const noexcept;
    bool control_must_be_secured() const noexcept;
    bool data_must_be_secured() const noexcept;

    // Forgets what USER and all later commands have set (REIN).
    void reset_parameters();

    std::uint64_t take_restart() noexcept { return take_range().from; }
    // What REST or RANG asked for, once.
    ByteRange take_range() noexcept { return {std::exchange(restart, 0), std::exchange(range_end, ByteRange().to)}; }
    std::uint64_t take_announced() noexcept { return std::exchange(announced, 0); }

    const Settings& settings() const noexcept { return *settings_; }
    net::Duration stall_timeout() const;  // of this user's transfers
    const CommandTable& table() const noexcept;
    Commons& commons() noexcept { return commons_; }
    net::Loop& loop() noexcept { return loop_; }
    const net::Stream& control() const noexcept { return *control_; }
    Wire wire() const;  // as TYPE, MODE and their options have it
    const SessionInfo& info() const noexcept { return info_; }
    void set_client(std::string_view name);  // CLNT, CSID

    // What commands have set; each belongs to the commands that its comment names.
    Path cwd;                                  // CWD
    Encoding encoding;                         // TYPE; RFC 959 5.1: ASCII is the default
    bool compressed = false;                   // MODE
    std::optional<int> level;                  // OPTS MODE Z LEVEL; none: that of the settings
    std::uint64_t restart = 0;                 // REST, RANG: for the next transfer
    std::uint64_t range_end = ByteRange().to;  // RANG
    std::uint64_t announced = 0;               // ALLO, for the next upload
    std::optional<Path> rename_from;           // RNFR
    std::optional<Path> copy_from;             // SITE CPFR
    std::string login_name;                    // USER
    std::string host;                          // HOST; until REIN
    bool password_due = false;                 // USER
    bool only_epsv = false;                    // EPSV ALL
    Facts facts = Facts::standard();           // OPTS MLST
    Hash hash_algorithm = Hash::sha256;        // OPTS HASH
    bool buffer_size_agreed = false;           // PBSZ
    bool data_secured = false;                 // PROT

private:
    struct Pending {
        CommandLine line;
        std::optional<Reply> complaint;  // the line was no command
    };
    void end_of_turn() override;
    bool admit();
    net::Task<bool> welcome();
    net::Task<std::string> login_text();
    net::Task<bool> is_held_back(const CommandLine& line, const Row* row);
    net::Task<void> run_own(const OwnCommand& command, std::string_view argument);
    net::Task<void> move_own(const OwnCommand& command, const FtpReply& given);
    net::Task<net::Io> send_own(net::Stream& stream, const FtpSource& source);
    net::Task<net::Io> receive_own(net::Stream& stream, const FtpSink& sink);
    FtpCall describe(std::string_view verb, std::string_view argument) const;
    void answer(std::string_view verb, const Result<FtpReply>& given);
    bool count_failed_login();
    void note(const Row& row, std::string_view argument, bool busy);
    net::Task<void> serve();
    net::Task<bool> receive();
    void give_back_memory();
    std::optional<Pending> next_line();
    net::Task<bool> look_ahead();
    void hear_abort(std::string_view come);
    bool aborts(const Row* row, std::string_view argument) const;
    net::Task<void> handle(Pending pending);
    net::Task<void> execute(const Row& row, std::string argument);
    net::Task<void> run_transfer(const Row& row, std::string argument);
    bool runs_beside(const Row& row, std::string_view argument) const;
    net::Task<void> invoke(const Row& row, std::string_view argument);
    std::optional<Reply> gate(const Row& row, std::string_view argument) const;
    bool must_resume() const noexcept;
    void renew_ticket() noexcept;
    bool kernel_may_encrypt() const;
    net::Task<net::StreamPtr> secure_data(net::StreamPtr plain);
    net::Task<void> say_goodbye();
    net::Task<void> come_in(Admission admission, int code);
    net::Task<void> send_rest();
    void send_now();
    void leave();
    void touch();
    bool admit_address();
    net::Duration idle_timeout() const;
    net::Task<void> keep_pace();
    void on_timer();
    void tell(const Row& row, std::string_view argument);
    bool has_queued_work() const noexcept { return ending_ || (!queue_.empty() && !transferring()); }

    Server& server_;
    const std::shared_ptr<const Settings> settings_;  // those of the moment it began
    Commons& commons_;
    net::Post& place_;
    net::Loop& loop_;
    const std::uint64_t serial_;
    net::StreamPtr control_;
    const Door& door_;
    net::TlsStream* tls_ = nullptr;   // control_, while that is one
    net::TlsContextPtr tls_context_;  // of the handshake; for the data connections too
    net::TlsBinding tls_binding_{};
    net::TimePoint ticket_due_;  // when the client needs a new one, to go on resuming
    SessionInfo info_;
    std::shared_ptr<void> own_extra_;  // of the welcome
    Sessions::Entry entry_;
    Permit permit_;
    Permit user_permit_;
    std::unique_ptr<Workspace> workspace_;
    DataChannel data_;
    net::Scope transfers_;
    net::Scope senders_;
    TransferPtr running_;
    std::optional<Work> work_;
    LineSplitter splitter_;
    std::string_view fresh_;  // received and not yet cut into lines: in the loop's scratch, or in stash_
    std::string stash_;
    std::optional<LineSplitter> ahead_;  // of what is looked at while the queue is full
    std::vector<Pending> queue_;         // short, and mostly empty
    std::string out_;
    net::Timer timer_;
    net::TimePoint started_;
    net::TimePoint logged_out_;  // since when there has been nobody
    net::TimePoint active_;
    unsigned reads_in_a_row_ = 0;
    TokenBucket pace_;  // of commands
    std::optional<Charset> charset_;
    std::uint32_t failed_logins_ = 0;
    int last_code_ = 0;
    bool ending_ = false;
    bool draining_ = false;
    bool leaving_ = false;
    Code cause_ = Code::closed;
};

}  // namespace wherry::ftp
