// wherry-tftp-bare: what the kernel charges for a TFTP transfer. One thread, a socket for each transfer, the blocks of
// a window in one call; it checks next to nothing, repeats nothing but what it is asked for, and writes no log.
//
//   wherry-tftp-bare PORT FOLDER
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "udp.h"

namespace wherry::bench {
namespace {

constexpr std::size_t most_block = 65464;
constexpr std::size_t most_window_bytes = std::size_t{1} << 20U;
constexpr int receive_buffer = 4 << 20;

class Transfer {
public:
    Transfer(Udp socket, bool put, int file, std::uint64_t size, const std::vector<std::string>& words)
        : socket_(std::move(socket)), file_(file), put_(put), size_(size) {
        std::string oack;
        for (std::size_t i = 2; i + 1 < words.size(); i += 2) {
            std::size_t value = 0;
            std::from_chars(words[i + 1].data(), words[i + 1].data() + words[i + 1].size(), value);
            if (words[i] == "blksize") blksize_ = value = std::clamp<std::size_t>(value, 8, most_block);
            if (words[i] == "windowsize") window_ = value = std::max<std::size_t>(1, value);
            if (words[i] == "blksize" || words[i] == "windowsize") {
                oack.append(words[i]).append(1, '\0').append(std::to_string(value)).append(1, '\0');
            }
        }
        window_ = std::clamp<std::size_t>(most_window_bytes / blksize_, 1, window_);
        blocks_ = size_ / blksize_ + 1;
        if (!oack.empty()) {
            oack.insert(0, std::string("\0\6", 2));
            socket_.send(std::as_bytes(std::span(oack)));
        } else if (put_) {
            socket_.send(header(4, 0));
        } else {
            send_window();
        }
    }
    ~Transfer() { close(file_); }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    int descriptor() const noexcept { return socket_.descriptor(); }

    // False: it is over.
    bool receive(std::vector<std::byte>& room) {
        for (;;) {
            const ssize_t got = recv(descriptor(), room.data(), room.size(), 0);
            if (got < 4) return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
            const std::span packet(room.data(), static_cast<std::size_t>(got));
            if (op_of(packet) != (put_ ? 3 : 4)) return false;
            if (put_ ? !on_data(packet) : !on_ack(block_of(packet))) return false;
        }
    }

private:
    bool on_ack(std::uint16_t wire) {
        const std::uint64_t block = number_from(done_, wire);
        if (block > sent_) return true;
        done_ = sent_ = block;
        if (done_ >= blocks_) return false;
        send_window();
        return true;
    }

    void send_window() {
        const std::uint64_t until = std::min(blocks_, done_ + window_);
        buffer_.resize(window_ * blksize_);
        const ssize_t got =
            pread(file_, buffer_.data(), (until - sent_) * blksize_, static_cast<off_t>(sent_ * blksize_));
        std::span content(buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
        while (sent_ < until) {
            const std::size_t gone = send_blocks(descriptor(), sent_ + 1, until - sent_, content, blksize_);
            if (gone == 0) return;
            sent_ += gone;
            content = content.subspan(std::min(content.size(), gone * blksize_));
        }
    }

    bool on_data(std::span<const std::byte> packet) {
        if (block_of(packet) != static_cast<std::uint16_t>(done_ + 1)) {
            socket_.send(header(4, done_));
            return true;
        }
        const auto content = packet.subspan(tftp_header);
        if (pwrite(file_, content.data(), content.size(), static_cast<off_t>(done_ * blksize_)) < 0) return false;
        ++done_;
        const bool last = content.size() < blksize_;
        if (last || done_ % window_ == 0) socket_.send(header(4, done_));
        return !last;
    }

    Udp socket_;
    int file_;
    bool put_;
    std::uint64_t size_;
    std::size_t blksize_ = 512;
    std::size_t window_ = 1;
    std::uint64_t blocks_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t sent_ = 0;
    std::vector<std::byte> buffer_;
};

class Server {
public:
    Server(Udp socket, std::string folder)
        : socket_(std::move(socket)), folder_(std::move(folder)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        watch(socket_.descriptor());
    }

    [[noreturn]] void run() {
        std::vector<std::byte> room(65536);
        std::array<epoll_event, 256> events;
        for (;;) {
            const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
                if (descriptor == socket_.descriptor()) {
                    accept(room);
                } else if (const auto found = transfers_.find(descriptor); found != transfers_.end()) {
                    if (!found->second->receive(room)) transfers_.erase(found);
                }
            }
        }
    }

private:
    void watch(int descriptor) const {
        epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
    }

    void accept(std::vector<std::byte>& room) {
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        for (;;) {
            const ssize_t got = recvfrom(socket_.descriptor(), room.data(), room.size(), 0,
                                         reinterpret_cast<sockaddr*>(&peer), &length);
            if (got < 0) return;
            if (got >= 4) begin(std::span(room.data(), static_cast<std::size_t>(got)), peer);
        }
    }

    void begin(std::span<const std::byte> packet, const sockaddr_storage& peer) {
        const auto words = words_of(packet);
        const bool put = op_of(packet) == 2;
        if (words.size() < 2 || (!put && op_of(packet) != 1)) return;
        const std::string path = folder_ + '/' + words[0];
        const int file =
            open(path.c_str(), put ? O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0644);
        struct stat about{};
        auto socket = Udp::open(0, receive_buffer);
        if (file < 0 || fstat(file, &about) != 0 || !socket) {
            if (file >= 0) close(file);
            socket_.send_to(header(5, 1), peer);
            return;
        }
        socket->connect(peer);
        auto transfer =
            std::make_unique<Transfer>(std::move(*socket), put, file, static_cast<std::uint64_t>(about.st_size), words);
        watch(transfer->descriptor());
        const int descriptor = transfer->descriptor();
        transfers_[descriptor] = std::move(transfer);
    }

    Udp socket_;
    std::string folder_;
    int epoll_;
    std::unordered_map<int, std::unique_ptr<Transfer>> transfers_;
};

}  // namespace
}  // namespace wherry::bench

int main(int count, char** words) {
    using namespace wherry::bench;
    if (count != 3) {
        fmt::print(stderr, "usage: {} PORT FOLDER\n", words[0]);
        return 2;
    }
    const rlimit descriptors{1U << 17U, 1U << 17U};
    setrlimit(RLIMIT_NOFILE, &descriptors);
    auto socket = Udp::open(static_cast<std::uint16_t>(std::atoi(words[1])), receive_buffer);
    if (!socket) {
        fmt::print(stderr, "{}\n", socket.error());
        return 1;
    }
    Server(std::move(*socket), words[2]).run();
}
