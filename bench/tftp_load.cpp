// wherry-tftp-load: many TFTP transfers at a time, on one thread, as cheaply as can be: payloads of downloads are
// dropped in the kernel (MSG_TRUNC), windows of uploads leave as one packet. Prints one line of JSON, like wherry-load.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "json.h"
#include "sampler.h"
#include "udp.h"

namespace wherry::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience = 1s;  // until the last packet is sent again
constexpr int most_tries = 10;
constexpr std::size_t batch = 64;
constexpr std::size_t seen = 128;  // of each packet; options of an OACK are shorter
constexpr int receive_buffer = 4 << 20;

struct Options {
    bool put = false;
    std::uint16_t port = 69;
    int pid = 0;
    std::string cpu_file;
    std::string file;  // "%" in it: the number of the transfer
    std::uint64_t size = 0;
    std::size_t clients = 1;    // at a time
    std::size_t transfers = 1;  // in all
    std::size_t blksize = 512;
    std::size_t window = 1;
    double rate = 0;  // transfers that begin in a second; 0: as soon as one has ended
    double limit = 120;
};

struct Tally {
    std::uint64_t bytes = 0;
    std::size_t succeeded = 0;
    std::size_t failed = 0;
    std::map<std::string, int> errors;
    std::vector<double> first_bytes;  // seconds from request to first data
};

class Transfer {
public:
    Transfer(const Options& options, Tally& tally, std::span<const std::byte> pattern, Udp socket, std::size_t number)
        : options_(options), tally_(tally), pattern_(pattern), socket_(std::move(socket)), begun_(Clock::now()) {
        std::string name = options.file;
        if (const auto at = name.find('%'); at != std::string::npos) name.replace(at, 1, std::to_string(number));
        request_.append(1, '\0').append(1, options.put ? '\2' : '\1').append(name).append(1, '\0');
        request_.append("octet").append(1, '\0');
        if (options.blksize != 512) add("blksize", options.blksize);
        if (options.window != 1) add("windowsize", options.window);
        blocks_ = options.size / blksize_ + 1;
        again();
    }

    int descriptor() const noexcept { return socket_.descriptor(); }
    bool over() const noexcept { return over_; }

    void look(Clock::time_point now) {
        if (over_ || now - heard_ < patience) return;
        if (++tries_ > most_tries) return end("no answer");
        again();
    }

    void receive() {
        std::array<std::array<std::byte, seen>, batch> rooms;
        std::array<iovec, batch> pieces;
        std::array<sockaddr_storage, batch> names;
        std::array<mmsghdr, batch> messages{};
        for (std::size_t i = 0; i < batch; ++i) {
            pieces[i] = {rooms[i].data(), seen};
            messages[i].msg_hdr = {&names[i], sizeof names[i], &pieces[i], 1, nullptr, 0, 0};
        }
        while (!over_) {
            const int got = recvmmsg(descriptor(), messages.data(), batch, MSG_DONTWAIT | MSG_TRUNC, nullptr);
            if (got <= 0) return;
            for (std::size_t i = 0; i < static_cast<std::size_t>(got) && !over_; ++i) {
                const std::size_t size = messages[i].msg_len;
                if (!connected_) socket_.connect(names[i]);
                connected_ = true;
                if (size >= tftp_header) on_packet(std::span(rooms[i]).first(std::min(size, seen)), size);
            }
            if (static_cast<std::size_t>(got) < batch) return;
        }
    }

private:
    void add(std::string_view option, std::size_t value) {
        request_.append(option).append(1, '\0').append(std::to_string(value)).append(1, '\0');
    }

    void on_packet(std::span<const std::byte> packet, std::size_t size) {
        const auto op = op_of(packet);
        if (op == 5) {
            const std::string_view text(reinterpret_cast<const char*>(packet.data()) + 4, packet.size() - 4);
            return end("the server says: " + std::string(text.substr(0, text.find('\0'))));
        }
        heard_ = Clock::now();
        if (op == 6 && done_ == 0) {
            take_options(packet);
            tries_ = 0;
            if (options_.put) return pump();
            return acknowledge(0);
        }
        if (op == 3 && !options_.put) on_data(block_of(packet), size - tftp_header);
        if (op == 4 && options_.put) on_ack(block_of(packet));
    }

    void take_options(std::span<const std::byte> packet) {
        const auto words = words_of(packet);
        for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
            if (words[i] == "blksize") blksize_ = std::stoul(words[i + 1]);
            if (words[i] == "windowsize") window_ = std::stoul(words[i + 1]);
        }
        blocks_ = options_.size / blksize_ + 1;
        opened_ = true;
    }

    // --- downloads

    void on_data(std::uint16_t wire, std::size_t size) {
        if (wire != static_cast<std::uint16_t>(done_ + 1)) {
            if (!gap_told_) acknowledge(done_);
            gap_told_ = true;
            return;
        }
        if (done_ == 0) tally_.first_bytes.push_back(std::chrono::duration<double>(heard_ - begun_).count());
        ++done_;
        tries_ = 0;
        gap_told_ = false;
        tally_.bytes += size;
        received_ += size;
        const bool last = size < blksize_;
        if (last || done_ - acknowledged_ >= window_) acknowledge(done_);
        if (last) end(received_ == options_.size ? "" : "the file has another size");
    }

    void acknowledge(std::uint64_t block) {
        acknowledged_ = block;
        opened_ = true;
        socket_.send(header(4, block));
    }

    // --- uploads

    void on_ack(std::uint16_t wire) {
        const std::uint64_t block = opened_ ? number_from(done_, wire) : 0;
        if (block > std::max(sent_, done_)) return;
        const bool repeat = opened_ && block == done_;
        if (repeat && window_ == 1) return;  // the Sorcerer's Apprentice
        opened_ = true;
        tally_.bytes += std::min(options_.size, block * blksize_) - std::min(options_.size, done_ * blksize_);
        done_ = sent_ = block;  // behind it begins the next window
        tries_ = 0;
        if (done_ >= blocks_) return end("");
        pump();
    }

    void pump() {
        while (sent_ < std::min(blocks_, done_ + window_)) {
            const std::uint64_t offset = sent_ * blksize_;
            const std::size_t count = std::min(blocks_, done_ + window_) - sent_;
            const std::size_t bytes = std::min<std::uint64_t>(count * blksize_, options_.size - offset);
            const auto content = pattern_.first(bytes);
            const std::size_t gone = send_blocks(descriptor(), sent_ + 1, count, content, blksize_);
            if (gone == 0) return;  // the timer brings it on
            sent_ += gone;
        }
    }

    // --- both

    void again() {
        heard_ = Clock::now();
        if (!connected_) return socket_.send_to(std::as_bytes(std::span(request_)), loopback(options_.port));
        if (!options_.put) return acknowledge(done_);
        sent_ = done_;
        pump();
    }

    void end(const std::string& error) {
        over_ = true;
        (error.empty() ? tally_.succeeded : tally_.failed) += 1;
        if (!error.empty()) ++tally_.errors[error];
    }

    const Options& options_;
    Tally& tally_;
    std::span<const std::byte> pattern_;
    Udp socket_;
    std::string request_;
    Clock::time_point begun_;
    Clock::time_point heard_;
    std::size_t blksize_ = 512;
    std::size_t window_ = 1;
    std::uint64_t blocks_ = 0;  // of an upload
    std::uint64_t done_ = 0;    // received, or acknowledged
    std::uint64_t sent_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t received_ = 0;
    int tries_ = 0;
    bool connected_ = false;
    bool opened_ = false;
    bool gap_told_ = false;
    bool over_ = false;
};

class Load {
public:
    explicit Load(const Options& options) : options_(options), pattern_(std::size_t{65536} * 64, std::byte{0x5a}) {}

    bool run(Tally& tally) {
        const int epoll = epoll_create1(EPOLL_CLOEXEC);
        const auto begun = Clock::now();
        const auto until = begun + std::chrono::duration<double>(options_.limit);
        std::array<epoll_event, 256> events;
        auto looked = begun;
        std::size_t started = 0;
        while (tally.succeeded + tally.failed < options_.transfers) {
            const auto now = Clock::now();
            if (now > until) return false;
            while (started < options_.transfers && running_.size() < options_.clients && due(started, now - begun)) {
                auto socket = Udp::open(0, receive_buffer);
                if (!socket) return ++tally.failed, ++tally.errors[socket.error()], true;
                auto transfer = std::make_unique<Transfer>(options_, tally, pattern_, std::move(*socket), started++);
                epoll_event event{.events = EPOLLIN, .data = {.ptr = transfer.get()}};
                epoll_ctl(epoll, EPOLL_CTL_ADD, transfer->descriptor(), &event);
                running_.push_back(std::move(transfer));
            }
            const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), wait_ms());
            for (int i = 0; i < count; ++i)
                static_cast<Transfer*>(events[static_cast<std::size_t>(i)].data.ptr)->receive();
            if (Clock::now() - looked > 100ms) {
                looked = Clock::now();
                for (const auto& transfer : running_) transfer->look(looked);
            }
            std::erase_if(running_, [](const auto& transfer) { return transfer->over(); });
        }
        close(epoll);
        return true;
    }

private:
    bool due(std::size_t number, Clock::duration since) const {
        return options_.rate <= 0 ||
               std::chrono::duration<double>(since).count() * options_.rate >= static_cast<double>(number);
    }
    int wait_ms() const { return options_.rate > 0 ? 1 : 50; }

    const Options& options_;
    std::vector<std::byte> pattern_;
    std::vector<std::unique_ptr<Transfer>> running_;
};

void tell_times(Json& json, std::vector<double>& seconds) {
    if (seconds.empty()) return;
    std::ranges::sort(seconds);
    const auto quantile = [&](double share) {
        const auto index = static_cast<std::size_t>(share * static_cast<double>(seconds.size()));
        return seconds[std::min(index, seconds.size() - 1)] * 1e3;
    };
    json.open("first_byte");
    json.number("p50_ms", quantile(0.5));
    json.number("p99_ms", quantile(0.99));
    json.close();
}

int measure(const Options& options) {
    const rlimit descriptors{1U << 17U, 1U << 17U};
    setrlimit(RLIMIT_NOFILE, &descriptors);
    const Sampler sampler(options.pid, options.cpu_file);
    Tally tally;
    Load load(options);
    const double server = sampler.usage(false).cpu_seconds;
    const double machine = machine_cpu_seconds();
    const double own = own_cpu_seconds();
    const auto begun = Clock::now();
    const bool finished = load.run(tally);
    const std::chrono::duration<double> seconds = Clock::now() - begun;
    const double client = own_cpu_seconds() - own;
    const double all = machine_cpu_seconds() - machine;
    const Usage after = sampler.usage(true);
    Json json;
    json.flag("timed_out", !finished);
    json.number("failed", static_cast<double>(tally.failed));
    json.open("load");
    json.number("seconds", seconds.count());
    json.number("server_cpu", after.cpu_seconds - server);
    json.number("client_cpu", client);
    json.number("other_cpu", std::max(0.0, all - (after.cpu_seconds - server) - client));
    json.number("bytes", static_cast<double>(tally.bytes));
    json.number("succeeded", static_cast<double>(tally.succeeded));
    json.number("pss_kib", after.pss_kib);
    json.close();
    tell_times(json, tally.first_bytes);
    std::string errors;
    for (const auto& [text, count] : tally.errors)
        errors += fmt::format("{}{} x {}", errors.empty() ? "" : "; ", count, text);
    json.text("error", errors);
    fmt::print("{}\n", json.take());
    return 0;
}

bool read_option(Options& options, std::string_view name, const std::string& value) {
    if (name == "--port")
        options.port = static_cast<std::uint16_t>(std::stoul(value));
    else if (name == "--pid")
        options.pid = std::stoi(value);
    else if (name == "--cpu-file")
        options.cpu_file = value;
    else if (name == "--file")
        options.file = value;
    else if (name == "--size")
        options.size = std::stoull(value);
    else if (name == "--clients")
        options.clients = std::stoul(value);
    else if (name == "--transfers")
        options.transfers = std::stoul(value);
    else if (name == "--blksize")
        options.blksize = std::stoul(value);
    else if (name == "--windowsize")
        options.window = std::stoul(value);
    else if (name == "--rate")
        options.rate = std::stod(value);
    else if (name == "--limit")
        options.limit = std::stod(value);
    else
        return false;
    return true;
}

}  // namespace
}  // namespace wherry::bench

int main(int count, char** words) {
    using namespace wherry::bench;
    Options options;
    bool good = count >= 2 && count % 2 == 0;
    if (good) options.put = std::string_view(words[1]) == "put";
    good = good && (options.put || std::string_view(words[1]) == "get");
    for (int i = 2; good && i + 1 < count; i += 2) good = read_option(options, words[i], words[i + 1]);
    if (!good || options.file.empty()) {
        fmt::print(stderr,
                   "usage: {} get|put --file NAME --size BYTES [--port N] [--pid N] [--cpu-file FILE] [--clients N]\n"
                   "       [--transfers N] [--blksize N] [--windowsize N] [--rate N] [--limit SECONDS]\n",
                   words[0]);
        return 2;
    }
    return measure(options);
}
