#pragma once
// KeyRing: the keys of a server, and which of them a token was made with. Immutable, so any thread may ask.
#include <cstddef>
#include <optional>
#include <vector>

#include "i2ftp/bytes.h"
#include "i2ftp/dyn_key.h"
#include "wherry/i2ftp.h"

namespace wherry::i2ftp {

class KeyRing {
public:
    // How far a client's clock may be away, in windows.
    static constexpr int tolerance = 1;

    struct Match {
        std::size_t key = 0;  // its place in the ring
        int offset = 0;       // windows that the client's clock is ahead of ours
    };

    explicit KeyRing(std::vector<SharedKey> keys);
    std::size_t size() const noexcept { return keys_.size(); }
    View key(std::size_t place) const noexcept { return view(keys_[place].bytes()); }

    // The key that the 16 bytes before the challenge were made with. `span`: how many windows away still counts; more
    // than `tolerance` only to find out by how much a clock is wrong.
    std::optional<Match> match(const Token16& token, double unix_time, int span = tolerance) const;
    // Whether the masked answer to a challenge was made with that key, and how far its clock is away.
    std::optional<Match> match(std::size_t place, const Token64& challenge, const Token64& answer,
                               double unix_time) const;
    // The same with whichever key.
    std::optional<Match> match_any(const Token64& challenge, const Token64& answer, double unix_time) const;

private:
    std::vector<SharedKey> keys_;
    std::vector<Token16> secrets_;  // of the 16 bytes
};

// What a client answers to a challenge.
Token64 masked_token(View key, const Token64& challenge, std::int64_t window);

}  // namespace wherry::i2ftp
