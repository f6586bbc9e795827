#pragma once
// The two sides of the I2TCP handshake as machines: bytes and the time in, bytes out (docs/i2ftp.md, "Handshake").
//
//   client  16 bytes, the time under the key          (clients from before July 2024 begin without these)
//   server  64 random bytes, the challenge
//   client  64 bytes, the time under the key, masked by the challenge
//   server  "2.1", in one piece and with nothing behind it until the client has answered
//   client  "OK"
//   server  a message: plain, or the public key for a secured session; then two more messages agree on its key
//
// Each machine is fed until it says done() or failed(); afterwards channel() carries the messages of the session, with
// whatever was left of the input. They belong to one thread.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "i2ftp/channel.h"
#include "i2ftp/key_ring.h"
#include "i2ftp/rsa.h"

namespace wherry::i2ftp {

// Whether a server expects the 16 bytes.
enum class Preauth : std::uint8_t {
    required,
    off,        // the server speaks first, always
    automatic,  // the server speaks first only if nothing comes for a while; see silence()
};

class ServerHandshake {
public:
    // What the 16 bytes have shown; asked before anything is answered. False: this client is refused.
    class Judge {
    public:
        virtual ~Judge() = default;
        virtual bool admit(const Token16& token) = 0;
        // A right answer to a challenge, once; false if it has been seen before.
        virtual bool accept(const Token64& answer) = 0;
    };
    struct Options {
        Preauth preauth = Preauth::automatic;
        const RsaKey* rsa = nullptr;  // of secured sessions; null: they are plain
        std::size_t largest_message = largest_message_default;
        static constexpr std::size_t largest_message_default = 2 * 1024 * 1024;
    };
    // All must outlive the machine; `judge` may be null.
    ServerHandshake(const KeyRing& ring, const Options& options, Random& random, Judge* judge = nullptr);

    // Takes what it needs from the front of `input`.
    void feed(View& input, double unix_time);
    // Nothing has come for a while.
    void silence();
    Bytes take_output() { return std::exchange(out_, {}); }

    bool done() const noexcept { return state_ == State::done; }
    bool failed() const noexcept { return state_ == State::failed; }
    const char* reason() const noexcept { return reason_; }  // of the failure, for the log
    // It failed for want of the key, as far as can be told: what a guess looks like.
    bool wrong_key() const noexcept { return wrong_key_; }
    // A session key is to be decrypted, which takes time: give the result of RsaKey::open() to decrypted().
    bool must_decrypt() const noexcept { return state_ == State::decrypting; }
    View block() const noexcept { return block_; }
    void decrypted(View session_key);

    // What is known so far. The key: after the answer to the challenge for sure, before that by the 16 bytes.
    std::optional<KeyRing::Match> match() const noexcept { return match_; }
    bool old_client() const noexcept { return old_client_; }
    std::optional<Token16> preauth_token() const noexcept { return token16_; }
    bool proven() const noexcept { return proven_; }
    Channel take_channel() { return std::move(*channel_); }

private:
    enum class State : std::uint8_t { preauth, answer, agreement, block, decrypting, done, failed };
    void refuse(const char* reason);
    void challenge();
    void on_preauth(double unix_time);
    void on_answer(double unix_time);
    void on_agreement();
    void on_message(View& input);
    bool collect(View& input, std::size_t wanted);

    const KeyRing& ring_;
    const Options options_;
    Random& random_;
    Judge* judge_;
    State state_;
    Bytes got_;
    Bytes out_;
    Bytes block_;
    Token64 challenge_{};
    std::optional<Token16> token16_;
    std::optional<KeyRing::Match> match_;
    std::optional<Channel> channel_;
    const char* reason_ = "";
    bool spoke_first_ = false;
    bool old_client_ = false;
    bool proven_ = false;
    bool wrong_key_ = false;
};

class ClientHandshake {
public:
    struct Options {
        bool preauth = true;  // false: for a server from before July 2024
        std::size_t largest_message = largest_message_of_clients;
        static constexpr std::size_t largest_message_of_clients = 0xffffff;
    };
    ClientHandshake(const SharedKey& key, const Options& options, Random& random);

    void begin(double unix_time);
    void feed(View& input, double unix_time);
    Bytes take_output() { return std::exchange(out_, {}); }

    bool done() const noexcept { return state_ == State::done; }
    bool failed() const noexcept { return state_ == State::failed; }
    const std::string& reason() const noexcept { return reason_; }
    bool secured() const noexcept { return secured_; }
    // How far it has come, for the words of an error: whether the server has answered at all, and accepted the key.
    bool answered() const noexcept { return state_ != State::challenge; }
    bool accepted() const noexcept { return accepted_; }
    Channel take_channel() { return std::move(*channel_); }

private:
    enum class State : std::uint8_t { challenge, version, flag, ready, done, failed };
    void refuse(std::string reason);
    bool collect(View& input, std::size_t wanted);
    void on_message(View& input);
    void on_flag(std::string_view message);

    const SharedKey key_;
    const Options options_;
    Random& random_;
    State state_ = State::challenge;
    Bytes got_;
    Bytes out_;
    Bytes session_key_;
    std::optional<Channel> channel_;
    std::string reason_;
    bool secured_ = false;
    bool accepted_ = false;
};

}  // namespace wherry::i2ftp
