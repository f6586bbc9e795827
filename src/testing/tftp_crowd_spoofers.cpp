#include "testing/tftp_crowd_parts.h"
#include "tftp/effects.h"

namespace wherry::tftp::world {
namespace {

constexpr std::size_t most_unverified = 516;  // bytes of a datagram to whoever has given no sign of life
constexpr std::uint16_t errors_port = 59999;  // of those who send nothing but ERRORs
const char* const evil_host = "203.0.113.200";

}  // namespace

using testing::Datagram;

std::vector<Spoofers::Forged> Spoofers::act(Time now, const People& people) {
    if (now < due()) return {};
    --left_;
    next_ = now + seconds_of(chance(dice_) * one_of(dice_, {0.0, 0.002, 0.05}));
    const Person& target = *people[dice_() % people.size()];
    switch (dice_() % 4) {
        case 0: return forge_request(now, target);
        case 1: return forge_packet(now, target);
        case 2: return {forge_error(now, target)};
        default: return {junk(now, target)};
    }
}

// In the name of somebody who has sent nothing.
std::vector<Spoofers::Forged> Spoofers::forge_request(Time now, const Person& target) {
    const auto port = static_cast<std::uint16_t>(10000 + victims_.size());
    const net::Address forged = address("203.0.113." + std::to_string(1 + dice_() % 3), port);
    Victim& victim = victims_[forged.text()];
    victim.copies = 1 + dice_() % 3;
    const bool with_options = chance(dice_) < 0.7;
    const bool put = chance(dice_) < 0.3;
    const std::string name = put                   ? "forged" + std::to_string(files_++)
                             : chance(dice_) < 0.3 ? std::string("nothing")
                                                   : target.about.name;
    victim.of_a_server = put || with_options ? 1 + Timing().oack_repeats : 1 + Timing().data_repeats;
    victim.allowed = victim.of_a_server;
    std::vector<OptionPair> options;
    if (with_options) options = {{"windowsize", "64"}, {"blksize", "1400"}, {"tsize", "0"}};
    const std::string packet = request_packet(put ? Op::wrq : Op::rrq, name, Mode::octet, options);
    std::vector<Forged> out;
    for (std::size_t i = 0; i < victim.copies; ++i) {
        out.push_back({now + seconds_of(chance(dice_) * 0.3), {forged, target.asked, packet}});
    }
    return out;
}

// Into a transfer of another, from the right host with a wrong port or the other way round.
std::vector<Spoofers::Forged> Spoofers::forge_packet(Time now, const Person& target) {
    if (!target.tid) return {};
    const bool data = target.about.scene.put != (chance(dice_) < 0.1);
    const net::Address from =
        chance(dice_) < 0.5 ? target.own.with_port(60001) : address("203.0.113.9", target.own.port());
    std::string packet;
    append_u16(packet, static_cast<std::uint16_t>(data ? Op::data : Op::ack));
    append_u16(packet, static_cast<std::uint16_t>(dice_() % 20));
    if (data) packet += std::string(dice_() % 3 == 0 ? 0 : target.about.scene.blksize, 'E');
    return {{now, {from, *target.tid, packet}}};
}

Spoofers::Forged Spoofers::forge_error(Time now, const Person& target) {
    const net::Address from =
        chance(dice_) < 0.5 ? target.own.with_port(errors_port) : address(evil_host, target.own.port());
    return {now, {from, target.tid.value_or(target.asked), error_packet(ErrorCode::undefined, "bye")}};
}

Spoofers::Forged Spoofers::junk(Time now, const Person& target) {
    std::string bytes(dice_() % 600, '\0');
    for (char& one : bytes) one = static_cast<char>(dice_());
    return {now, {address("203.0.113.8", 4000), target.tid && dice_() % 2 == 0 ? *target.tid : target.asked, bytes}};
}

void Spoofers::note(const Datagram& datagram, CrowdOutcome& outcome) {
    if (datagram.to.port() == errors_port || datagram.to.ip() == evil_host) ++outcome.answers_to_errors;
    const auto victim = victims_.find(datagram.to.text());
    if (victim == victims_.end()) return;
    Victim& who = victim->second;
    const std::size_t most = who.allowed + who.copies - 1;
    if (++who.got > most || datagram.bytes.size() > most_unverified) ++outcome.beyond_allowance;
}

void Spoofers::server_restarts() {
    for (auto& [name, victim] : victims_) victim.allowed += victim.of_a_server;
}

std::vector<std::string> Spoofers::files() const {
    std::vector<std::string> out;
    for (int i = 0; i < files_; ++i) out.push_back("/forged" + std::to_string(i));
    return out;
}

}  // namespace wherry::tftp::world
