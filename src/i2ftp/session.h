#pragma once
// Session: one I2FTP connection, from the handshake to the end. Three coroutines: one reads messages and stops reading
// when too many wait, one answers them in their order, one writes what is to be sent. The further pieces of a large
// download are made beside them, so that other requests are answered in between.
//
// Belongs to one loop.
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/commons.h"
#include "access/workspace.h"
#include "i2ftp/bell.h"
#include "i2ftp/channel.h"
#include "i2ftp/handles.h"
#include "i2ftp/server.h"
#include "net/scope.h"

namespace wherry::i2ftp {

class Session final : ServerHandshake::Judge {
public:
    Session(Server& server, net::Post& place, std::uint64_t serial, net::StreamPtr stream, Door door);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    net::Task<void> run();

    // --- from the side, on the loop's thread -------------------------------------------------------------------------
    void end(Code cause);
    void drain();

    // --- for requests ------------------------------------------------------------------------------------------------
    // The answer; one per request, and for DOWN one per piece.
    void done(std::string_view payload) { reply(1, view(payload)); }
    void done(View payload) { reply(1, payload); }
    void refuse(std::string_view text) { reply(0, view(text)); }
    void refuse(const Error& error);
    // A whole message, status byte and all; coded in place.
    void send(Bytes& message);
    // Empty, with the memory of a message that was sent: memory that comes and goes with each piece of a download costs
    // more than what is done with it.
    Bytes memory();
    void give_back(Bytes memory);
    // Waits until not too much waits to be sent. False: the session ends.
    net::Task<bool> room();
    net::Task<void> pause(std::chrono::nanoseconds span);  // or until the session ends
    bool ending() const noexcept { return ending_ || stream_->cause() != Code::ok; }

    Lease find(View id);
    // A file that this connection opened: gives it an id. False: there are too many.
    bool adopt(const HandlePtr& handle);
    void start_digest(const HandlePtr& handle, Digest::Kind kind) { server_.start_digest(place_, handle, kind); }
    // Makes the rest of a download beside other requests.
    net::Scope& downloads() noexcept { return downloads_; }
    net::Task<void> download_slot();  // waits until there is room for one more

    Workspace& workspace() noexcept { return *workspace_; }
    Server& server() noexcept { return server_; }
    Commons& commons() noexcept { return commons_; }
    const Settings& settings() const noexcept { return server_.settings(); }
    net::Loop& loop() noexcept { return loop_; }
    const std::string& owner() const noexcept { return owner_; }
    const net::Address& peer() const noexcept { return stream_->peer(); }
    const SessionInfo& info() const noexcept { return info_; }

private:
    // ServerHandshake::Judge
    bool admit(const Token16& token) override;
    bool accept(const Token64& answer) override;

    bool enter();
    net::Task<bool> begin_tls();
    net::Task<bool> shake_hands();
    net::Task<bool> converse(ServerHandshake& handshake);
    net::Task<void> refuse(const ServerHandshake& handshake);
    bool log_in(ServerHandshake& handshake);
    net::Task<void> serve();
    net::Task<void> read_messages();
    bool take(View& input);
    net::Task<void> write_messages();
    net::Task<void> handle(Bytes message);
    void reply(Byte status, View payload);
    void attach(const HandlePtr& handle);
    bool has_open_files() const;
    void finish_softly();
    void on_timer();
    void touch() noexcept { active_ = loop_.now(); }
    double unix_time() const;

    Server& server_;
    Commons& commons_;
    net::Post& place_;
    net::Loop& loop_;
    const std::uint64_t serial_;
    const Door door_;
    net::StreamPtr stream_;
    SessionInfo info_;
    Sessions::Entry entry_;
    Permit permit_;
    Permit user_permit_;
    std::shared_ptr<const Ring> ring_;
    std::string owner_;
    std::unique_ptr<Workspace> workspace_;
    std::optional<Channel> channel_;

    Bytes stash_;  // received and not yet looked at
    std::deque<Bytes> inbox_;
    std::size_t inbox_bytes_ = 0;
    std::deque<Bytes> outbox_;
    std::size_t outbox_bytes_ = 0;
    std::vector<Bytes> spare_;  // memory, while downloads go on
    std::vector<HandlePtr> used_;
    Bell arrived_;  // something for who answers
    Bell taken_;    // something was taken out of the inbox
    Bell queued_;   // something for who writes
    Bell written_;  // something was written
    net::Scope reader_;
    net::Scope writer_;
    net::Scope downloads_;
    net::Timer timer_;
    net::TimePoint started_;
    net::TimePoint active_;
    net::TimePoint progress_;  // when the client last took something, or nothing waited for it
    std::uint32_t damaged_ = 0;
    Byte last_status_ = 0;
    bool input_ended_ = false;
    bool output_ended_ = false;
    bool ending_ = false;
    bool draining_ = false;
    Code cause_ = Code::closed;
};

}  // namespace wherry::i2ftp
