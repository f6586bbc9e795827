#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "testing/faulty_fs.h"
#include "testing/tftp_crowd.h"
#include "testing/tftp_crowd_parts.h"
#include "testing/tftp_harness.h"

namespace wherry::tftp::world {
namespace {

using testing::Datagram;

constexpr std::uint64_t most_steps = 400'000;
constexpr std::chrono::seconds longest{3000};

class Town {
public:
    explicit Town(const Crowd& crowd)
        : crowd_(crowd), dice_(crowd.seed ^ 0x9e3779b97f4a7c15U), spoofers_(crowd.spoofers, dice_, now()) {
        disk_->answer_at_once(!slow_disk());
        Settings& settings = server_.settings;
        settings.tid_mode = crowd.tid_mode;
        settings.connect_after = crowd.connect_after;
        settings.seed = crowd.seed | 1U;
        settings.timing.stall = std::chrono::seconds(30);
        settings.write.mode = WriteMode::create;
        settings.cache_chunk = crowd.chunk;
        settings.cache_size = crowd.cache;
        server_.network.most_segments = crowd.most_segments;
        if (slow_disk()) {
            server_.base.disk_takes = [this] { return seconds_of(chance(disk_dice_) * crowd_.disk_time); };
        }
        for (const Member& member : crowd.members) {
            people_.push_back(std::make_unique<Person>(member, people_.size(), dice_));
            if (!member.scene.put) server_.base.put("/" + member.name, people_.back()->file);
        }
        changes_ = crowd.change != Crowd::Change::none;
        start_ = heard_ = now();
        if (crowd.restart) restarts_ = start_ + seconds_of(crowd.restart->at);
        start_server();
        if (crowd.disk_fails_at) disk_->fail_at(*crowd.disk_fails_at, Code::io);
    }

    CrowdOutcome run() {
        while (outcome_.steps < most_steps && now() - start_ < longest && step()) ++outcome_.steps;
        outcome_.waits_for_something = wakes() != Time::max();
        outcome_.transfers_left += server_.serve().admission().transfers();
        count_what_is_left();
        for (const std::string& name : spoofers_.files()) {
            if (server_.base.exists(name)) ++outcome_.forged_files;
        }
        for (const auto& person : people_) finish(*person);
        return std::move(outcome_);
    }

private:
    struct Arrival {
        bool to_server;
        Datagram datagram;
    };

    Time now() { return server_.base.clock().now(); }
    bool slow_disk() const { return crowd_.disk_time > 0; }

    // --- the server

    void start_server() {
        // What is done to the files from outside is no fault, and takes no time.
        const FilesystemPtr files = std::exchange(server_.base.files, disk_);
        server_.serve();
        server_.base.files = files;
    }

    // Ends in the middle of everything and begins anew: with its last words, or as if the power had failed.
    bool restart_server() {
        if (restarts_ > now()) return false;
        if (std::exchange(down_, !down_)) {
            restarts_ = Time::max();
            start_server();
            return true;
        }
        restarts_ = now() + seconds_of(crowd_.restart->lasts);
        server_.sent.clear();
        server_.stop();
        spoofers_.server_restarts();
        count_what_is_left();
        if (!crowd_.restart->silent) {
            for (const Datagram& datagram : server_.sent) on_sent(datagram);
        }
        return true;
    }

    void count_what_is_left() {
        outcome_.transfers_left += static_cast<std::size_t>(server_.metric(Metric::tftp_transfers));
        outcome_.files_left_open += disk_->open_files();
    }

    // --- time

    Time begin_of(const Person& person) const { return start_ + seconds_of(person.about.begins); }

    // When the server wants to be woken.
    Time wakes() { return std::min(server_.base.loop().timers().next(), server_.base.disk_due()); }

    Time next() {
        Time due = std::min({wakes(), arrivals_.next(), spoofers_.due(), restarts_});
        for (const auto& person : people_) {
            if (!person->client) due = std::min(due, begin_of(*person));
            if (person->client) due = std::min(due, person->client->deadline().value_or(due));
        }
        if (changes_) due = std::min(due, start_ + seconds_of(crowd_.changes_at));
        return due;
    }

    bool step() {
        const Time due = next();
        if (due == Time::max()) return false;
        const bool woken = server_.base.loop().timers().next() <= due;
        const std::int64_t starved = server_.metric(Metric::tftp_starved_total);
        if (due > now()) server_.base.clock().advance(due - now());
        if (crowd_.clock_jumps && dice_() % 16 == 0) {
            server_.base.clock().set_wall(
                std::chrono::system_clock::time_point(std::chrono::seconds(dice_() % 2000000000)));
        }
        bool news = change_file();
        news = restart_server() || news || server_.base.disk_due() <= now();
        for (const auto& person : people_) {
            person->attend(now(), begin_of(*person));
            speak(*person);
        }
        while (arrivals_.next() <= now()) {
            deliver(arrivals_.take());
            news = true;
        }
        if (spoofers_.due() <= now()) {
            news = true;
            for (const auto& forged : spoofers_.act(now(), people_)) {
                if (forged.at > now()) {
                    arrivals_.send(forged.at, {true, forged.datagram});
                } else {
                    to_server(forged.datagram);
                }
            }
        }
        const bool full = chance(dice_) < crowd_.full;
        server_.network.room = full ? dice_() % 3 : 1'000'000;
        server_.base.run();
        const auto sent = server_.network.take();
        for (const Datagram& datagram : sent) on_sent(datagram);
        // Finding that the disk is not ready is no waking for nothing.
        news = news || starved != server_.metric(Metric::tftp_starved_total);
        observe(woken && !news && !full && sent.empty());
        return true;
    }

    void observe(bool idle) {
        if (!down_) outcome_.most_cached = std::max(outcome_.most_cached, server_.serve().cache().bytes());
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
        const std::string content = changed_file(crowd_, *reader);
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

    // --- packets

    void speak(Person& person) {
        for (const Datagram& datagram : person.speak()) send(person, person.up, true, datagram);
    }

    void send(const Person& person, Way& way, bool to_server, const Datagram& datagram) {
        if (!person.fits(datagram)) return;
        const auto& cut = person.about.scene.cut;
        for (const Time at : way.arrivals(now())) {
            if (cut && at - begin_of(person) > seconds_of(*cut)) continue;
            arrivals_.send(at, {to_server, datagram});
        }
    }

    void to_server(const Datagram& datagram) {
        server_.network.send(datagram.from, datagram.to, datagram.bytes);  // to nobody, while there is no server
    }

    void deliver(const Arrival& arrival) {
        if (arrival.to_server) {
            heard_ = now();
            return to_server(arrival.datagram);
        }
        for (const auto& person : people_) {
            if (!person->client || !(person->own == arrival.datagram.to)) continue;
            person->hear(now(), arrival.datagram);
            return speak(*person);
        }
    }

    void on_sent(const Datagram& datagram) {
        spoofers_.note(datagram, outcome_);
        for (const auto& person : people_) {
            if (!(person->own == datagram.to)) continue;
            const bool stored =
                !person->note(now(), datagram) || server_.base.content("/" + person->about.name) == person->file;
            if (!stored) person->story.published_in_time = false;
            return send(*person, person->down, false, datagram);
        }
    }

    const Crowd& crowd_;
    Dice dice_;
    Dice disk_dice_{crowd_.seed};
    testing::TftpHarness server_;
    Spoofers spoofers_;
    const std::shared_ptr<testing::FaultyFilesystem> disk_ =
        std::make_shared<testing::FaultyFilesystem>(server_.base.files);
    Time start_;
    Time heard_;                   // when the last packet came to the server
    Time restarts_ = Time::max();  // or begins, if it is down
    People people_;
    Underway<Arrival> arrivals_;
    std::uint64_t idle_ = 0;
    std::int64_t second_ = -1;
    bool changes_ = false;
    bool down_ = false;
    CrowdOutcome outcome_;
};

}  // namespace

CrowdOutcome run(const Crowd& crowd) { return Town(crowd).run(); }

}  // namespace wherry::tftp::world
