// Frames of I2TCP in any pieces. Input: a byte of how to cut, then the stream, which may be preceded by frames of ours.
#include <string>
#include <utility>
#include <vector>

#include "fuzz.h"
#include "i2ftp/deframer.h"
#include "i2ftp/frame.h"

namespace {

using namespace wherry::i2ftp;
using wherry::fuzz::require;

constexpr std::size_t largest = 100'000;

struct Heard {
    std::vector<std::pair<Received::Kind, Bytes>> all;
    bool in_the_middle = false;
};

// What is heard of `stream` when it comes in pieces of that size.
Heard listen(View stream, std::size_t piece) {
    Deframer deframer(view("the key of the fuzzer"), largest);
    Heard heard;
    while (!stream.empty()) {
        View some = stream.first(std::min(piece, stream.size()));
        stream = stream.subspan(some.size());
        while (auto received = deframer.next(some)) {
            require(received->body.size() <= largest, "a message has a limit");
            heard.all.emplace_back(received->kind, std::move(received->body));
        }
        require(some.empty(), "all that came was looked at");
    }
    heard.in_the_middle = deframer.in_the_middle();
    return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const std::size_t piece = input.byte() % 64U + 1U;
    const std::string body(input.take(input.byte()));
    const std::string noise(input.rest());

    Bytes stream(view(noise).begin(), view(noise).end());
    const Heard whole = listen(stream, stream.size() + 1);
    const Heard cut = listen(stream, piece);
    require(whole.all == cut.all && whole.in_the_middle == cut.in_the_middle, "how it is cut does not matter");

    if (body.empty()) return 0;
    Bytes good;
    append_frames(good, view(body), view("the key of the fuzzer"), 7);
    const Heard alone = listen(good, piece);
    require(alone.all.size() == 1 && alone.all.front().first == Received::Kind::message &&
                text(alone.all.front().second) == body && !alone.in_the_middle,
            "a message comes back");
    // Between messages, junk without the two bytes that begin a frame is passed over.
    Bytes junk;
    for (const Byte byte : stream) {
        if (byte != 'A' && byte != 'H') junk.push_back(byte);
    }
    junk.insert(junk.end(), good.begin(), good.end());
    const Heard behind = listen(junk, piece);
    require(behind.all.size() == 1 && text(behind.all.front().second) == body, "a message is found behind junk");
    return 0;
}
