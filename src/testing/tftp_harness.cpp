#include "testing/tftp_harness.h"

#include <algorithm>

namespace wherry::testing {
namespace {

using tftp::Op;

std::string number(std::uint16_t op, unsigned value) {
    std::string packet;
    tftp::append_u16(packet, op);
    tftp::append_u16(packet, static_cast<std::uint16_t>(value));
    return packet;
}

unsigned option_of(const TftpHarness::Options& granted, std::string_view name, unsigned otherwise) {
    for (const auto& [key, value] : granted) {
        if (key == name) return static_cast<unsigned>(std::stoul(value));
    }
    return otherwise;
}

// What "OACK{...}" of the first word grants.
TftpHarness::Options granted_in(std::string_view reply) {
    TftpHarness::Options out;
    if (!reply.starts_with("OACK{")) return out;
    std::string_view inside = reply.substr(5, reply.find('}') - 5);
    while (!inside.empty()) {
        const auto comma = std::min(inside.find(','), inside.size());
        const std::string_view pair = inside.substr(0, comma);
        const auto equals = pair.find('=');
        out.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
        inside.remove_prefix(std::min(inside.size(), comma + 1));
    }
    return out;
}

}  // namespace

TftpHarness::TftpHarness() { settings.seed = 1; }

TftpHarness::~TftpHarness() { stop(); }

tftp::Policy TftpHarness::policy() {
    User owner;
    owner.name = user;
    owner.anonymous = true;
    const auto writes = [](const tftp::Rule& rule) { return rule.write.has_value(); };
    const bool read_only = settings.write.mode == tftp::WriteMode::off && std::ranges::none_of(settings.rules, writes);
    owner.permissions = read_only ? perm::read : perm::read | perm::drop;
    if (settings.write.make_folders) owner.permissions = owner.permissions | Perm("m");
    if (settings.world_readable == tftp::WorldReadable::automatic) settings.world_readable = tftp::WorldReadable::off;
    tftp::Policy out{.settings = settings};
    const auto tree = [&](const FilesystemPtr& files, std::string path) {
        owner.filesystem = files;
        return tftp::Tree{files ? std::make_shared<const User>(owner) : nullptr, std::move(path), true};
    };
    out.trees.push_back(tree(base.files, folder));
    for (const FilesystemPtr& files : more_roots) out.trees.push_back(tree(files, {}));
    for (const FilesystemPtr& files : rule_roots) out.rule_trees.push_back(tree(files, {}));
    if (!map.empty()) out.map = tftp::Remap::parse(map, settings.map).rules;
    if (!patterns.empty()) out.patterns = tftp::Patterns::parse(patterns).patterns;
    out.other_macs = other_macs;
    return out;
}

tftp::Server& TftpHarness::serve() {
    if (server_) return *server_;
    server_ = std::make_unique<tftp::Server>(base.commons(), network, policy());
    for (const tftp::Handler& handler : handlers) server_->add_handler(handler);
    for (const tftp::OptionMaker& option : own_options) server_->add_option(option);
    for (const auto& [opcode, call] : own_opcodes) server_->add_opcode(opcode, call);
    for (const TftpObserver& observer : observers) server_->add_observer(observer);
    for (const net::Address& address : listen) server_->listen(address).value();
    if (before_start) before_start();
    server_->start();
    run();
    return *server_;
}

void TftpHarness::stop() {
    if (!server_) return;
    server_->stop();
    run();
    base.finish_disk();
    run();
    server_.reset();
}

void TftpHarness::run() {
    base.run();
    for (Datagram& one : network.take()) {
        sent.push_back(one);
        untold_.push_back(std::move(one));
    }
}

std::size_t TftpHarness::sent_bytes() const {
    std::size_t bytes = 0;
    for (const Datagram& one : sent) bytes += one.bytes.size();
    return bytes;
}

std::string TftpHarness::describe(const Datagram& datagram) {
    const tftp::Bytes packet = tftp::bytes_of(datagram.bytes);
    const auto op = tftp::opcode_of(packet);
    const auto value = tftp::number_of(packet);
    if (!op) return "SHORT";
    if (*op == 3 && value) {
        payload = datagram.bytes.substr(4);
        return "DATA(" + std::to_string(*value) + "," + std::to_string(payload.size()) + ")";
    }
    if (*op == 4 && value) return "ACK(" + std::to_string(*value) + ")";
    if (*op == 5 && value) {
        const auto error = tftp::parse_error(packet);
        return "ERR(" + std::to_string(*value) + "," + error.text + ")";
    }
    if (*op != 6) return "OP" + std::to_string(*op);
    tftp::Request pairs;
    tftp::parse_oack(packet, pairs);
    std::string out = "OACK{";
    for (const tftp::OptionPair& pair : pairs.options) {
        if (out.back() != '{') out += ',';
        out.append(pair.name).append("=").append(pair.value);
    }
    return out + "}";
}

std::string TftpHarness::take(const net::Address& who) {
    run();
    std::string out;
    for (const Datagram& one : untold_) {
        if (!(one.to == who)) continue;
        if (who == client) tid = one.from;
        out += (out.empty() ? "" : " ") + describe(one);
    }
    std::erase_if(untold_, [&](const Datagram& one) { return one.to == who; });
    return out;
}

std::string TftpHarness::from(const net::Address& peer, const net::Address& to, std::string_view packet) {
    serve();
    network.send(peer, to, packet, interface);
    return take(peer);
}

std::string TftpHarness::request(Op op, std::string_view name, const Options& options, std::string_view mode) {
    std::string packet;
    tftp::append_u16(packet, static_cast<std::uint16_t>(op));
    packet.append(name).append(1, '\0').append(mode).append(1, '\0');
    for (const auto& [key, value] : options) packet.append(key).append(1, '\0').append(value).append(1, '\0');
    return to_listener(packet);
}

std::string TftpHarness::to_listener(std::string_view packet) { return from(client, server, packet); }
std::string TftpHarness::to_tid(std::string_view packet) { return from(client, tid, packet); }
std::string TftpHarness::ack(unsigned block) { return to_tid(number(4, block)); }
std::string TftpHarness::data(unsigned block, std::string_view bytes) { return to_tid(number(3, block).append(bytes)); }
std::string TftpHarness::error(unsigned code, std::string_view text) {
    return to_tid(number(5, code).append(text).append(1, '\0'));
}

std::string TftpHarness::wait(std::chrono::nanoseconds span) {
    serve();
    std::string out = take(client);
    const auto until = base.clock().now() + span;
    while (base.clock().now() < until) {
        // From alarm to alarm, so that nothing is late.
        auto step = until - base.clock().now();
        const auto due = base.loop().timers().next();
        if (due > base.clock().now()) step = std::min<std::chrono::nanoseconds>(step, due - base.clock().now());
        base.clock().advance(std::max<std::chrono::nanoseconds>(step, std::chrono::nanoseconds(1)));
        const std::string more = take(client);
        if (!more.empty()) out += (out.empty() ? "" : " ") + more;
    }
    return out;
}

std::string TftpHarness::next(std::chrono::nanoseconds most) {
    const auto begun = base.clock().now();
    while (base.clock().now() - begun < most) {
        auto step = std::chrono::nanoseconds(std::chrono::milliseconds(1));
        const std::string came = wait(step);
        if (came.empty()) continue;
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(base.clock().now() - begun);
        return std::to_string(took.count()) + "ms " + came;
    }
    return {};
}

std::string TftpHarness::download(std::string_view name, const Options& options, std::string_view mode) {
    const std::size_t before = sent.size();
    std::string reply = rrq(name, options, mode);
    const Options granted = granted_in(reply);
    const std::size_t blksize = option_of(granted, "blksize", 512);
    const unsigned window = option_of(granted, "windowsize", 1);
    std::size_t next_packet = before;
    if (reply.starts_with("OACK")) {
        next_packet = sent.size();
        reply = ack(0);
    }
    std::string content;
    unsigned block = 0;
    unsigned since_ack = 0;
    while (next_packet < sent.size()) {
        const Datagram packet = sent[next_packet++];
        if (!(packet.to == client)) continue;
        if (tftp::opcode_of(tftp::bytes_of(packet.bytes)) != 3) return describe(packet);
        if (tftp::number_of(tftp::bytes_of(packet.bytes)) != ((block + 1) & 0xffffU)) return "wrong block";
        ++block;
        content += packet.bytes.substr(4);
        const bool last = packet.bytes.size() - 4 < blksize;
        if (++since_ack == window || last) {
            since_ack = 0;
            ack(block & 0xffffU);
        }
        if (last) return content;
        if (next_packet == sent.size()) wait(std::chrono::milliseconds(20));
    }
    return "incomplete after block " + std::to_string(block) + ", " + reply;
}

std::string TftpHarness::upload(std::string_view name, std::string_view content, const Options& options,
                                std::string_view mode) {
    std::string reply = wrq(name, options, mode);
    const Options granted = granted_in(reply);
    const std::size_t blksize = option_of(granted, "blksize", 512);
    const unsigned window = option_of(granted, "windowsize", 1);
    if (!reply.starts_with("OACK") && reply != "ACK(0)") return reply;
    const std::size_t blocks = content.size() / blksize + 1;
    for (std::size_t block = 1; block <= blocks; ++block) {
        reply = data(static_cast<unsigned>(block & 0xffffU), content.substr((block - 1) * blksize, blksize));
        const bool due = block % window == 0 || block == blocks;
        if (due && reply != "ACK(" + std::to_string(block & 0xffffU) + ")") return reply.empty() ? "silence" : reply;
    }
    return "ok";
}

bool TftpHarness::logged(std::string_view text) {
    const auto& lines = base.log();
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

}  // namespace wherry::testing
