#include "testing/i2ftp_harness.h"

#include <utility>

namespace wherry::testing {

using i2ftp::Bytes;
using i2ftp::View;

I2ftpHarness::I2ftpHarness() = default;

I2ftpHarness::~I2ftpHarness() {
    if (!server_) return;
    server_->stop();
    base.wait(std::chrono::seconds(5));
}

void I2ftpHarness::add_user(const SharedKey& of_user, User user) {
    if (!user.filesystem) user.filesystem = base.files;
    identities_.push_back({of_user, std::make_shared<const User>(std::move(user))});
}

i2ftp::Server& I2ftpHarness::server() {
    if (server_) return *server_;
    if (identities_.empty()) {
        User user;
        user.name = "alice";
        user.permissions = perm::all;
        add_user(key, std::move(user));
    }
    server_ = std::make_unique<i2ftp::Server>(
        base.commons(), settings,
        i2ftp::Surroundings{random == nullptr ? i2ftp::system_random() : *random, process, rsa});
    server_->set_identities(identities_).value();
    server_->prepare().value();
    return *server_;
}

std::unique_ptr<I2ftpClient> I2ftpHarness::dial(const net::Address& from) {
    auto& running = server();
    const auto to = net::Address::parse_ip("192.0.2.1", 26842).value();
    auto [connection, stream] = MemoryNetwork::pair(base.loop(), from, to, net::Watch::Class::control);
    connection->window = 2 * 1024 * 1024;
    auto& post = base.commons().runtime.first();
    post.connections.fetch_add(1);
    running.serve(post, std::move(stream));
    base.run();
    return std::make_unique<I2ftpClient>(*this, connection);
}

std::unique_ptr<I2ftpClient> I2ftpHarness::connect() { return connect(key); }

std::unique_ptr<I2ftpClient> I2ftpHarness::connect(const SharedKey& of_user) {
    auto client = dial();
    return client->shake_hands(of_user) ? std::move(client) : nullptr;
}

double I2ftpHarness::unix_time() const {
    auto& clock = const_cast<Harness&>(base).clock();
    return std::chrono::duration<double>(clock.wall().time_since_epoch()).count();
}

void I2ftpClient::send(View bytes) {
    connection_->send(i2ftp::text(bytes));
    harness_.base.run();
}

Bytes I2ftpClient::receive() {
    harness_.base.run();
    Bytes all;
    for (std::string more = connection_->receive(); !more.empty(); more = connection_->receive()) {
        i2ftp::append(all, more);
        harness_.base.run();
    }
    return all;
}

bool I2ftpClient::closed() {
    const Bytes came = receive();
    pending_.insert(pending_.end(), came.begin(), came.end());
    return connection_->ended();
}

bool I2ftpClient::shake_hands(const SharedKey& key, bool preauth) {
    i2ftp::ClientHandshake handshake(key, {.preauth = preauth}, i2ftp::system_random());
    handshake.begin(harness_.unix_time());
    if (!preauth) harness_.base.wait(harness_.settings.old_client_wait);
    for (int turn = 0; turn < 6 && !handshake.done() && !handshake.failed(); ++turn) {
        send(handshake.take_output());
        pending_ = receive();
        View rest = pending_;
        handshake.feed(rest, harness_.unix_time());
        pending_.assign(rest.begin(), rest.end());
    }
    if (!handshake.done()) return false;
    const bool secured = handshake.secured();
    channel_.emplace(handshake.take_channel());
    if (secured) harness_.base.wait(harness_.settings.secured_greeting_delay);
    return hear() == i2ftp::greeting;
}

void I2ftpClient::say(std::string_view body) {
    Bytes out;
    channel_->send(out, body);
    send(out);
}

std::optional<std::string> I2ftpClient::hear() {
    const Bytes came = receive();
    pending_.insert(pending_.end(), came.begin(), came.end());
    View rest = pending_;
    auto received = channel_->next(rest);
    while (received && received->kind != i2ftp::Received::Kind::message) received = channel_->next(rest);
    pending_ = Bytes(rest.begin(), rest.end());
    if (!received) return std::nullopt;
    return std::string(i2ftp::text(received->body));
}

std::string u64(std::uint64_t number) {
    Bytes out;
    i2ftp::append_u64(out, number);
    return std::string(i2ftp::text(out));
}

std::string down(std::string_view id, std::uint64_t start, std::uint64_t end) {
    return "DOWN," + std::string(id) + "," + u64(start) + "," + u64(end);
}

std::string upld(std::string_view id, std::uint64_t start, std::string_view data) {
    return "UPLD," + std::string(id) + "," + u64(start) + "," + std::string(data);
}

}  // namespace wherry::testing
