#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>

#include "testing/faulty_fs.h"
#include "testing/tftp_crowd.h"
#include "testing/tftp_harness.h"
#include "testing/tftp_world_parts.h"

namespace wherry::tftp::world {
namespace {

using testing::Datagram;

constexpr std::uint64_t most_steps = 400'000;
constexpr std::chrono::seconds longest{400};
constexpr std::size_t most_unverified = 516;  // bytes of a datagram to whoever has given no sign of life
constexpr std::uint16_t errors_port = 59999;  // of those who send nothing but ERRORs
const char* const evil_host = "203.0.113.200";

net::Address address(const std::string& ip, std::uint16_t port) { return net::Address::parse_ip(ip, port).value(); }

// A member, its client, and what has been seen of it.
struct Person {
    Person(const Member& member, std::size_t number, Dice& dice)
        : about(member),
          content(content_of(member.scene)),
          up(member.scene, dice),
          down(member.scene, dice),
          own(address((member.ipv6 ? "2001:db8::" : "198.51.100.") + std::to_string(member.host),
                      static_cast<std::uint16_t>(2000 + number))),
          asked(address(member.ipv6            ? "2001:db8::ffff"
                        : member.host % 2 == 0 ? "192.0.2.1"
                                               : "192.0.2.9",
                        69)) {}

    const Member& about;
    const std::string content;
    Way up;
    Way down;
    net::Address own;
    const net::Address asked;
    std::optional<net::Address> tid;
    std::unique_ptr<Client> client;  // null: it has not begun
    bool rebound = false;
    struct Sent {
        std::string payload;
        Time at;
    };
    std::map<std::pair<std::uint16_t, std::uint16_t>, Sent> sent;  // by port and number
    Story story;
};

// Somebody in whose name a request was forged.
struct Victim {
    std::size_t copies = 0;   // of the request
    std::size_t allowed = 0;  // datagrams, if it came once
    std::size_t got = 0;
};

struct Arrival {
    Time at;
    std::uint64_t serial;
    bool to_server;
    Datagram datagram;
    bool operator<(const Arrival& other) const {
        return std::tie(at, serial) > std::tie(other.at, other.serial);  // a queue has the largest first
    }
};

class Town {
public:
    explicit Town(const Crowd& crowd) : crowd_(crowd), dice_(crowd.seed ^ 0x9e3779b97f4a7c15U) {
        const FilesystemPtr files = server_.base.files;
        disk_->answer_at_once(true);
        Settings& settings = server_.settings;
        settings.tid_mode = crowd.tid_mode;
        settings.seed = crowd.seed | 1U;
        settings.timing.stall = std::chrono::seconds(30);
        settings.write.mode = WriteMode::create;
        settings.cache_chunk = crowd.chunk;
        settings.cache_size = crowd.cache;
        server_.network.most_segments = crowd.most_segments;
        for (const Member& member : crowd.members) {
            people_.push_back(std::make_unique<Person>(member, people_.size(), dice_));
            if (!member.scene.put) server_.base.put("/" + member.name, people_.back()->content);
        }
        changes_ = crowd.change != Crowd::Change::none;
        spoofs_ = crowd.spoofers * 20;
        server_.base.files = disk_;
        server_.serve();
        server_.base.files = files;  // what is done to it from outside is no fault
        start_ = heard_ = now();
        next_spoof_ = start_;
        if (crowd.disk_fails_at) disk_->fail_at(*crowd.disk_fails_at, Code::io);
    }

    CrowdOutcome run() {
        while (outcome_.steps < most_steps && now() - start_ < longest && step()) ++outcome_.steps;
        outcome_.waits_for_something = server_.base.loop().timers().next() != Time::max();
        outcome_.transfers_left =
            server_.serve().admission().transfers() + static_cast<std::size_t>(server_.metric(Metric::tftp_transfers));
        outcome_.files_left_open = disk_->open_files();
        for (int i = 0; i < forged_files_; ++i) {
            if (server_.base.exists("/forged" + std::to_string(i))) ++outcome_.forged_files;
        }
        for (const auto& person : people_) finish(*person);
        return std::move(outcome_);
    }

private:
    Time now() { return server_.base.clock().now(); }

    // --- time

    Time begin_of(const Person& person) const { return start_ + seconds_of(person.about.begins); }

    Time next() {
        Time due = server_.base.loop().timers().next();
        if (!arrivals_.empty()) due = std::min(due, arrivals_.top().at);
        for (const auto& person : people_) {
            if (!person->client) due = std::min(due, begin_of(*person));
            if (person->client) due = std::min(due, person->client->deadline().value_or(due));
        }
        if (spoofs_ > 0) due = std::min(due, next_spoof_);
        if (changes_) due = std::min(due, start_ + seconds_of(crowd_.changes_at));
        return due;
    }

    bool step() {
        const Time due = next();
        if (due == Time::max()) return false;
        const bool woken = server_.base.loop().timers().next() <= due;
        if (due > now()) server_.base.clock().advance(due - now());
        if (crowd_.clock_jumps && dice_() % 16 == 0) {
            server_.base.clock().set_wall(
                std::chrono::system_clock::time_point(std::chrono::seconds(dice_() % 2000000000)));
        }
        bool news = change_file();
        for (const auto& person : people_) attend(*person);
        while (!arrivals_.empty() && arrivals_.top().at <= now()) {
            const Arrival arrival = arrivals_.top();
            arrivals_.pop();
            deliver(arrival);
            news = true;
        }
        news = spoof() || news;
        const bool full = chance(dice_) < crowd_.full;
        server_.network.room = full ? dice_() % 3 : 1'000'000;
        server_.base.run();
        const auto sent = server_.network.take();
        for (const Datagram& datagram : sent) on_sent(datagram);
        observe(woken && !news && !full && sent.empty());
        return true;
    }

    void observe(bool idle) {
        outcome_.most_cached = std::max(outcome_.most_cached, server_.serve().cache().bytes());
        outcome_.most_sockets = std::max(outcome_.most_sockets, server_.network.sockets());
        if (server_.metric(Metric::tftp_transfers) > 0) {
            outcome_.longest_end =
                std::max(outcome_.longest_end, std::chrono::duration<double>(now() - heard_).count());
        }
        const auto second = std::chrono::floor<std::chrono::seconds>(now() - start_).count();
        if (std::exchange(second_, second) != second) idle_ = 0;
        if (idle) outcome_.most_idle_in_second = std::max(outcome_.most_idle_in_second, ++idle_);
    }

    // --- files

    bool change_file() {
        if (!changes_ || now() - start_ < seconds_of(crowd_.changes_at)) return false;
        changes_ = false;
        const auto reader =
            std::ranges::find_if(crowd_.members, [](const Member& one) { return one.name == shared_name; });
        if (reader == crowd_.members.end()) return true;
        const std::string path = std::string("/") + shared_name;
        const std::string content = changed_content(crowd_, *reader);
        if (crowd_.change == Crowd::Change::in_place) {
            server_.base.put(path, content);
        } else {
            server_.base.put("/other", content);
            server_.base.files->rename(Path::resolve("/other").value(), Path::resolve(path).value()).value();
        }
        return true;
    }

    void finish(Person& person) {
        Story& story = person.story;
        if (person.client) story.client = person.client->result;
        if (person.about.scene.put) {
            story.content = server_.base.content("/" + person.about.name).value_or("");
        } else if (person.client) {
            story.content = person.client->got;
        }
        outcome_.members.push_back(std::move(story));
    }

    // --- clients

    void attend(Person& person) {
        if (!person.client && begin_of(person) <= now()) {
            person.client = new_client(person.about.scene, now(), person.content);
        }
        if (!person.client) return;
        if (const auto due = person.client->deadline(); due && *due <= now()) person.client->on_timer(now());
        if (person.about.rebinds && !person.rebound && now() - begin_of(person) >= seconds_of(*person.about.rebinds)) {
            person.rebound = true;
            person.own = person.own.with_port(static_cast<std::uint16_t>(person.own.port() + 1000));
        }
        speak(person);
    }

    std::string encoded(const Person& person, const Packet& packet) {
        const Scene& scene = person.about.scene;
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
        return request_packet(scene.put ? Op::wrq : Op::rrq, person.about.name, Mode::octet, options);
    }

    void speak(Person& person) {
        for (const Packet& packet : std::exchange(person.client->out, {})) {
            const bool request = packet.kind == Packet::Kind::request;
            if (!request && !person.tid) continue;
            send(person, person.up, true, {person.own, request ? person.asked : *person.tid, encoded(person, packet)});
        }
    }

    void send(const Person& person, Way& way, bool to_server, const Datagram& datagram) {
        const std::size_t headers = person.about.ipv6 ? 48 : 28;
        if (person.about.path_mtu != 0 && datagram.bytes.size() + headers > person.about.path_mtu) return;
        const auto& cut = person.about.scene.cut;
        for (const Time at : way.arrivals(now())) {
            if (cut && at - begin_of(person) > seconds_of(*cut)) continue;
            arrivals_.push({at, ++serial_, to_server, datagram});
        }
    }

    void deliver(const Arrival& arrival) {
        if (arrival.to_server) {
            heard_ = now();
            server_.network.send(arrival.datagram.from, arrival.datagram.to, arrival.datagram.bytes);
            return;
        }
        for (const auto& person : people_) {
            if (person->client && person->own == arrival.datagram.to) return hear(*person, arrival.datagram);
        }
    }

    void hear(Person& person, const Datagram& datagram) {
        if (person.tid ? !(*person.tid == datagram.from) : !person.asked.same_host(datagram.from)) return;
        Client& client = *person.client;
        const Bytes bytes = bytes_of(datagram.bytes);
        const auto op = static_cast<Op>(opcode_of(bytes).value_or(0));
        if (op == Op::error) {
            if (client.result.empty())
                client.result = "error " + std::to_string(number_of(bytes).value_or(std::uint16_t{0}));
            return;
        }
        person.tid = datagram.from;
        Packet packet{.kind = op == Op::data  ? Packet::Kind::data
                              : op == Op::ack ? Packet::Kind::ack
                                              : Packet::Kind::oack,
                      .number = op == Op::oack ? std::uint16_t{0} : number_of(bytes).value_or(std::uint16_t{0}),
                      .payload = op == Op::data ? datagram.bytes.substr(data_header) : std::string()};
        if (op == Op::oack && !grants_all(person.about.scene, bytes)) {
            client.result = "not what was asked for";
            return;
        }
        client.on(now(), packet);
        speak(person);
    }

    static bool grants_all(const Scene& scene, Bytes oack) {
        Request granted;
        return parse_oack(oack, granted) && granted.options.size() == 3 &&
               granted.options[0].value == std::to_string(scene.blksize) &&
               granted.options[1].value == std::to_string(scene.window) &&
               granted.options[2].value == std::to_string(scene.rollover);
    }

    // --- what the server sends

    void on_sent(const Datagram& datagram) {
        if (datagram.to.port() == errors_port || datagram.to.ip() == evil_host) ++outcome_.answers_to_errors;
        if (const auto victim = victims_.find(datagram.to.text()); victim != victims_.end()) {
            Victim& who = victim->second;
            const std::size_t most = who.allowed + who.copies - 1;
            if (++who.got > most || datagram.bytes.size() > most_unverified) ++outcome_.beyond_allowance;
        }
        for (const auto& person : people_) {
            if (!(person->own == datagram.to)) continue;
            if (!person->asked.same_host(datagram.from)) person->story.from_asked_address = false;
            note(*person, datagram);
            return send(*person, person->down, false, datagram);
        }
    }

    void note(Person& person, const Datagram& datagram) {
        const Bytes bytes = bytes_of(datagram.bytes);
        const auto op = static_cast<Op>(opcode_of(bytes).value_or(0));
        const std::uint16_t number = number_of(bytes).value_or(std::uint16_t{0});
        const Scene& scene = person.about.scene;
        if (op == Op::data) {
            ++person.story.data_packets;
            const auto [known, first] = person.sent.try_emplace({datagram.from.port(), number}, datagram.bytes, now());
            if (first) return;
            if (known->second.payload != datagram.bytes) person.story.repeats_identical = false;
            const Span since = now() - known->second.at;
            person.story.soonest_repeat = std::min(since, person.story.soonest_repeat.value_or(since));
            known->second.at = now();
        } else if (op == Op::ack && scene.put) {
            const std::uint64_t blocks = blocks_of_size(scene.size, scene.blksize);
            if (number != wire_number(blocks, scene.rollover)) return;
            if (server_.base.content("/" + person.about.name) != person.content) person.story.published_in_time = false;
        }
    }

    // --- spoofers

    bool spoof() {
        if (spoofs_ <= 0 || now() < next_spoof_) return false;
        --spoofs_;
        next_spoof_ = now() + seconds_of(chance(dice_) * one_of(dice_, {0.0, 0.002, 0.05}));
        const Person& target = *people_[dice_() % people_.size()];
        switch (dice_() % 4) {
            case 0: forge_request(target); break;
            case 1: forge_packet(target); break;
            case 2: forge_error(target); break;
            default: send_junk(target); break;
        }
        return true;
    }

    // In the name of somebody who has sent nothing.
    void forge_request(const Person& target) {
        const auto port = static_cast<std::uint16_t>(10000 + victims_.size());
        const net::Address forged = address("203.0.113." + std::to_string(1 + dice_() % 3), port);
        Victim& victim = victims_[forged.text()];
        victim.copies = 1 + dice_() % 3;
        const bool with_options = chance(dice_) < 0.7;
        const bool put = chance(dice_) < 0.3;
        const std::string name = put                   ? "forged" + std::to_string(forged_files_++)
                                 : chance(dice_) < 0.3 ? std::string("nothing")
                                                       : target.about.name;
        victim.allowed = put || with_options ? 1 + Timing().oack_repeats : 1 + Timing().data_repeats;
        std::vector<OptionPair> options;
        if (with_options) options = {{"windowsize", "64"}, {"blksize", "1400"}, {"tsize", "0"}};
        const std::string packet = request_packet(put ? Op::wrq : Op::rrq, name, Mode::octet, options);
        for (std::size_t i = 0; i < victim.copies; ++i) {
            arrivals_.push({now() + seconds_of(chance(dice_) * 0.3), ++serial_, true, {forged, target.asked, packet}});
        }
    }

    // Into a transfer of another, from the right host with a wrong port or the other way round.
    void forge_packet(const Person& target) {
        if (!target.tid) return;
        const bool data = target.about.scene.put != (chance(dice_) < 0.1);
        const net::Address from =
            chance(dice_) < 0.5 ? target.own.with_port(60001) : address("203.0.113.9", target.own.port());
        std::string packet;
        append_u16(packet, static_cast<std::uint16_t>(data ? Op::data : Op::ack));
        append_u16(packet, static_cast<std::uint16_t>(dice_() % 20));
        if (data) packet += std::string(dice_() % 3 == 0 ? 0 : target.about.scene.blksize, 'E');
        server_.network.send(from, *target.tid, packet);
    }
    void forge_error(const Person& target) {
        const net::Address from =
            chance(dice_) < 0.5 ? target.own.with_port(errors_port) : address(evil_host, target.own.port());
        server_.network.send(from, target.tid.value_or(target.asked), error_packet(ErrorCode::undefined, "bye"));
    }
    void send_junk(const Person& target) {
        std::string junk(dice_() % 600, '\0');
        for (char& one : junk) one = static_cast<char>(dice_());
        server_.network.send(address("203.0.113.8", 4000), target.tid && dice_() % 2 == 0 ? *target.tid : target.asked,
                             junk);
    }

    const Crowd& crowd_;
    Dice dice_;
    testing::TftpHarness server_;
    const std::shared_ptr<testing::FaultyFilesystem> disk_ =
        std::make_shared<testing::FaultyFilesystem>(server_.base.files);
    Time start_;
    Time heard_;  // when the last packet came to the server
    Time next_spoof_;
    std::vector<std::unique_ptr<Person>> people_;
    std::priority_queue<Arrival> arrivals_;
    std::map<std::string, Victim> victims_;
    std::uint64_t serial_ = 0;
    std::uint64_t idle_ = 0;
    std::int64_t second_ = -1;
    int spoofs_ = 0;
    int forged_files_ = 0;
    bool changes_ = false;
    CrowdOutcome outcome_;
};

}  // namespace

CrowdOutcome run(const Crowd& crowd) { return Town(crowd).run(); }

}  // namespace wherry::tftp::world
