#include <algorithm>

#include "testing/tftp_crowd_parts.h"

namespace wherry::tftp::world {

using testing::Datagram;

Person::Person(const Member& member, std::size_t number, Dice& dice)
    : about(member),
      file(file_of(member.scene)),
      wire(wire_form(member, file)),
      up(member.scene, dice),
      down(member.scene, dice),
      own(address((member.ipv6 ? "2001:db8::" : "198.51.100.") + std::to_string(member.host),
                  static_cast<std::uint16_t>(2000 + number))),
      asked(address(member.ipv6            ? "2001:db8::ffff"
                    : member.host % 2 == 0 ? "192.0.2.1"
                                           : "192.0.2.9",
                    69)) {}

void Person::attend(Time now, Time begins) {
    if (!client && begins <= now) client = new_client(about.scene, now, wire);
    if (!client) return;
    if (const auto due = client->deadline(); due && *due <= now) client->on_timer(now);
    if (about.rebinds && !rebound_ && now - begins >= seconds_of(*about.rebinds)) {
        rebound_ = true;
        own = own.with_port(static_cast<std::uint16_t>(own.port() + 1000));
    }
}

std::vector<Datagram> Person::speak() {
    std::vector<Datagram> out;
    if (!client) return out;
    for (const Packet& packet : std::exchange(client->out, {})) {
        const bool request = packet.kind == Packet::Kind::request;
        if (!request && !tid) continue;
        out.push_back({own, request ? asked : *tid, encoded(packet)});
    }
    return out;
}

std::string Person::encoded(const Packet& packet) const {
    const Scene& scene = about.scene;
    std::string out;
    switch (packet.kind) {
        case Packet::Kind::ack: return ack_packet(packet.number);
        case Packet::Kind::data:
            append_u16(out, static_cast<std::uint16_t>(Op::data));
            append_u16(out, packet.number);
            return out + packet.payload;
        default: break;
    }
    const std::string blksize = std::to_string(scene.blksize);
    const std::string window = std::to_string(scene.window);
    const std::string rollover = std::to_string(scene.rollover);
    std::vector<OptionPair> options;
    if (scene.oack) options = {{"blksize", blksize}, {"windowsize", window}, {"rollover", rollover}};
    return request_packet(scene.put ? Op::wrq : Op::rrq, about.name, about.text ? Mode::netascii : Mode::octet,
                          options);
}

void Person::hear(Time now, const Datagram& datagram) {
    if (tid ? !(*tid == datagram.from) : !asked.same_host(datagram.from)) return;
    const Bytes bytes = bytes_of(datagram.bytes);
    const auto op = static_cast<Op>(opcode_of(bytes).value_or(0));
    const std::uint16_t number = number_of(bytes).value_or(std::uint16_t{0});
    if (op == Op::error) {
        if (client->result.empty()) client->result = "error " + std::to_string(number);
        return;
    }
    tid = datagram.from;
    if (op == Op::oack && !grants_all(bytes)) {
        client->result = "not what was asked for";
        return;
    }
    Packet packet;
    packet.kind = op == Op::data ? Packet::Kind::data : op == Op::ack ? Packet::Kind::ack : Packet::Kind::oack;
    if (op != Op::oack) packet.number = number;
    if (op == Op::data) packet.payload = datagram.bytes.substr(data_header);
    client->on(now, packet);
}

bool Person::grants_all(Bytes oack) const {
    Request granted;
    return parse_oack(oack, granted) && granted.options.size() == 3 &&
           granted.options[0].value == std::to_string(about.scene.blksize) &&
           granted.options[1].value == std::to_string(about.scene.window) &&
           granted.options[2].value == std::to_string(about.scene.rollover);
}

bool Person::note(Time now, const Datagram& datagram) {
    if (!asked.same_host(datagram.from)) story.from_asked_address = false;
    const Bytes bytes = bytes_of(datagram.bytes);
    const auto op = static_cast<Op>(opcode_of(bytes).value_or(0));
    const std::uint16_t number = number_of(bytes).value_or(std::uint16_t{0});
    const Scene& scene = about.scene;
    if (op == Op::data) {
        ++story.data_packets;
        const auto [known, first] = sent_.try_emplace({datagram.from.port(), number}, datagram.bytes, now);
        if (first) return false;
        if (known->second.payload != datagram.bytes) story.repeats_identical = false;
        const Span since = now - known->second.at;
        story.soonest_repeat = std::min(since, story.soonest_repeat.value_or(since));
        known->second.at = now;
    }
    return op == Op::ack && scene.put &&
           number == wire_number(blocks_of_size(wire.size(), scene.blksize), scene.rollover);
}

bool Person::fits(const Datagram& datagram) const noexcept {
    const std::size_t headers = about.ipv6 ? 48 : 28;
    return about.path_mtu == 0 || datagram.bytes.size() + headers <= about.path_mtu;
}

}  // namespace wherry::tftp::world
