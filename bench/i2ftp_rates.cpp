// wherry-i2ftp-rates: how quick this machine computes what I2FTP computes over every byte: MD5 one message after the
// other (libcrypto's and ours, neither with special instructions), MD5 of many frames side by side, the cipher. One
// line of JSON, in MB (millions of bytes) a CPU second, the best of a few tries.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <vector>

#include "i2ftp/digest.h"
#include "i2ftp/iccode.h"
#include "i2ftp/md5.h"

namespace {

using namespace wherry::i2ftp;

constexpr std::size_t frame = 32758;
constexpr std::size_t frames = 16;
constexpr int tries = 5;
constexpr double one_try = 0.04;  // seconds

// Of this thread: who else uses the processor does not matter.
double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double rate_of(std::size_t bytes, const std::function<void()>& once) {
    double best = 0;
    for (int i = 0; i < tries; ++i) {
        const double begin = cpu_seconds();
        std::size_t done = 0;
        double took = 0;
        do {
            once();
            done += bytes;
            took = cpu_seconds() - begin;
        } while (took < one_try);
        best = std::max(best, static_cast<double>(done) / took / 1e6);
    }
    return best;
}

// Whatever is computed must not be thought useless.
volatile Byte sink;

double lanes(const std::vector<View>& pieces, Lanes most) {
    std::vector<Md5Sum> sums(pieces.size());
    return rate_of(frame * frames, [&] {
        md5_many(pieces, sums, most);
        sink = sums[0][0];
    });
}

double cipher(Bytes& data, Instructions most) {
    Iccode coder(view("a key to measure with"), Iccode::session_level, most);
    return rate_of(data.size(), [&] {
        coder.encode(data);
        sink = data[0];
    });
}

}  // namespace

int main() {
    Bytes data(frame * frames, 7);
    std::vector<View> pieces;
    for (std::size_t i = 0; i < frames; ++i) pieces.push_back(View(data).subspan(i * frame, frame));
    const double libcrypto = rate_of(data.size(), [&] {
        Digest digest(Digest::Kind::md5);
        digest.update(data);
        sink = static_cast<Byte>(digest.finish()[0]);
    });
    const double ours = rate_of(data.size(), [&] { sink = md5(View(data))[0]; });
    fmt::print("{{\"md5_libcrypto\": {:.0f}, \"md5_scalar\": {:.0f}, \"md5_portable_lanes\": {:.0f}, ", libcrypto, ours,
               lanes(pieces, Lanes::four));
    fmt::print("\"md5_eight_lanes\": {:.0f}, \"md5_lanes\": {:.0f}, ", lanes(pieces, Lanes::eight),
               lanes(pieces, Lanes::best));
    fmt::print("\"cipher_portable\": {:.0f}, \"cipher\": {:.0f}}}\n", cipher(data, Instructions::portable),
               cipher(data, Instructions::avx512));
}
