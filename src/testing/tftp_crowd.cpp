#include "testing/tftp_crowd.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace wherry::tftp::world {
namespace {

constexpr double stall = 30;
constexpr double hardly_works = 0.5;  // seconds of the disk, from which on nothing is promised of how long it takes
constexpr std::size_t listeners = 1;
constexpr std::size_t pool_ports = 4 + 2;
constexpr std::size_t connected = 16;

Member random_member(Dice& dice, std::size_t number, std::size_t of) {
    Member member;
    Scene& scene = member.scene;
    scene = random_scene(dice());
    scene.interruption.reset();  // here the whole server is on stage
    member.name = "file" + std::to_string(number);
    member.ipv6 = chance(dice) < 0.1;
    member.host = static_cast<std::uint8_t>(1 + (chance(dice) < 0.2 ? number / 3 : number));
    if (of > 1) member.begins = chance(dice) * one_of(dice, {0.0, 0.05, 2.0});
    if (member.ipv6 && scene.blksize == 1468) scene.blksize = 1428;  // the most that fits
    if (!scene.oack) {
        scene.blksize = default_blksize;
        scene.rollover = 0;
    }
    scene.size = std::min<std::uint64_t>(scene.size, scene.blksize * (of > 5 ? 40U : 120U) + scene.seed % 3);
    if (chance(dice) < 0.04) member.rebinds = chance(dice) * 0.2;
    if (chance(dice) < 0.04) member.path_mtu = 1400;
    member.text = chance(dice) < 0.2;
    return member;
}

bool is_shared(const Member& member) { return member.name == shared_name; }

bool fits_path(const Member& member) {
    const std::size_t headers = member.ipv6 ? 48 : 28;
    return member.path_mtu == 0 || member.scene.blksize + data_header + headers <= member.path_mtu;
}

// Nothing but what the network loses keeps it from its end.
bool is_friendly(const Crowd& crowd, const Member& member) {
    const bool changed_under_it = crowd.change == Crowd::Change::in_place && is_shared(member);
    const bool restarted_under_it =
        crowd.restart && member.begins <= crowd.restart->at + crowd.restart->lasts + member.scene.delay;
    // A late copy of the request for an upload ends the time in which the last block is acknowledged once more.
    const bool late_copies = member.scene.put && member.scene.doubling > 0 && member.scene.jitter > 0;
    return is_friendly(member.scene) && !member.rebinds && fits_path(member) && !crowd.disk_fails_at &&
           crowd.disk_time < hardly_works && !changed_under_it && !restarted_under_it &&
           !(late_copies && member.scene.loss > 0);
}

std::string broken_by(const Crowd& crowd, const Member& member, const Story& story) {
    const Scene& scene = member.scene;
    // An upload is seen as it is stored, a download as it came.
    const auto seen = [&](const std::string& file) { return scene.put ? file : wire_form(member, file); };
    const std::string content = seen(file_of(scene));
    const bool changes = crowd.change != Crowd::Change::none && is_shared(member);
    const std::string other = changes ? seen(changed_file(crowd, member)) : content;
    const bool whole = story.content == content || story.content == other;
    const bool client_ok = story.client == "ok";
    const bool begins_again = scene.jitter > 0;  // a late copy of its request may begin another transfer
    if (!content.starts_with(story.content) && !other.starts_with(story.content)) {
        return changes ? "P13: a mix of the old file and the new one" : "P1: what was received is no prefix";
    }
    if (client_ok && !whole) return "P2: ok, and the file is not complete";
    if (scene.put && !story.content.empty() && !whole) return "P2: a part of a file was published";
    if (!story.published_in_time) return "P2: the last ACK left before the file was published";
    if (!story.repeats_identical && !(changes && begins_again)) return "P8: a repeat had other bytes";
    if (!story.from_asked_address) return "P12: an answer from another address than was asked";
    // Where opening takes time, its repeated request and the timer may come together.
    if (!scene.put && scene.window == 1 && !begins_again && crowd.disk_time == 0 && story.soonest_repeat &&
        *story.soonest_repeat < request_repeat_gap) {
        return "P14: a block was repeated before its time";
    }
    if (!is_friendly(crowd, member) || scene.loss > 0.05) return {};
    if (!client_ok) return "P5: a client did not get through";
    const bool quiet = scene.loss == 0 && scene.jitter == 0 && crowd.full == 0 && asks_only_for_losses(scene);
    if (quiet && !scene.put && !changes && story.data_packets != blocks_of_size(content.size(), scene.blksize)) {
        return "P4: repeated without a loss";
    }
    return {};
}

}  // namespace

Crowd random_crowd(std::uint64_t seed) {
    Dice dice(seed ^ 0x5bf03635U);
    Crowd crowd;
    crowd.seed = seed;
    crowd.tid_mode = one_of(dice, {TidMode::pool, TidMode::unique, TidMode::single});
    const auto count = one_of<std::uint64_t>(dice, {1, 1, 1, 2, 2, 3, 4, 5 + dice() % 10, seed % 8 == 0 ? 50U : 3U});
    for (std::size_t i = 0; i < count; ++i) crowd.members.push_back(random_member(dice, i, count));
    const Scene image = random_scene(dice());
    for (Member& member : crowd.members) {
        if (member.scene.put || chance(dice) < 0.5) continue;
        member.name = shared_name;
        member.scene.seed = seed;
        member.scene.size = std::min<std::uint64_t>(image.size, 40'000);
        if (member.scene.blksize == 8) member.scene.size %= 1000;
    }
    // All of them read the same file.
    std::uint64_t size = 40'000;
    for (const Member& member : crowd.members) {
        if (is_shared(member)) size = std::min(size, member.scene.size);
    }
    for (Member& member : crowd.members) {
        if (is_shared(member)) member.scene.size = size;
    }
    crowd.spoofers = static_cast<int>(one_of<std::uint64_t>(dice, {0, 1, 2, 3}));
    crowd.full = one_of(dice, {0.0, 0.0, 0.05, 0.5});
    crowd.most_segments = one_of<std::size_t>(dice, {1, 2, 7, 64, 128});
    crowd.chunk = one_of<std::uint32_t>(dice, {2048, 4096, 65536});
    crowd.cache = one_of<std::uint64_t>(dice, {2048, 16384, 1U << 20U});
    crowd.clock_jumps = chance(dice) < 0.1;
    crowd.change = one_of(dice, {Crowd::Change::none, Crowd::Change::none, Crowd::Change::none, Crowd::Change::in_place,
                                 Crowd::Change::renamed_over});
    crowd.changes_at = chance(dice) * one_of(dice, {0.01, 0.2});
    if (chance(dice) < 0.05) crowd.disk_fails_at = dice() % 40;
    crowd.disk_time = one_of(dice, {0.0, 0.0, 0.0, 0.0, 0.001, 0.05, 1.2});
    if (chance(dice) < 0.1) {
        crowd.restart = {.at = chance(dice) * one_of(dice, {0.02, 0.2, 2.0}),
                         .lasts = one_of(dice, {0.0, 0.1, 3.0}),
                         .silent = chance(dice) < 0.5};
    }
    crowd.connect_after = one_of<std::uint32_t>(dice, {1, 2, 5, 256});
    return crowd;
}

std::string file_of(const Scene& scene) {
    std::string file = content_of(scene);
    if (scene.seed % 3 != 0) return file;
    constexpr std::string_view ends("\n\r\0", 3);
    for (char& one : file) {
        if (const auto which = static_cast<std::uint8_t>(one) % 12U; which < ends.size()) one = ends[which];
    }
    return file;
}

std::string changed_file(const Crowd& crowd, const Member& member) {
    Scene other = member.scene;
    other.seed = ~crowd.seed;
    if (crowd.seed % 2 == 0) other.size += 700;  // else as long as before
    return file_of(other);
}

std::string wire_form(const Member& member, const std::string& file) {
    if (!member.text) return file;
    std::string out;
    for (const char one : file) {
        if (one == '\n') out += '\r';
        out += one;
        if (one == '\r') out += '\0';
    }
    return out;
}

std::string broken_property(const Crowd& crowd, const CrowdOutcome& outcome) {
    for (std::size_t i = 0; i < crowd.members.size(); ++i) {
        std::string broken = broken_by(crowd, crowd.members[i], outcome.members[i]);
        if (!broken.empty()) return broken + " (" + crowd.members[i].name + ")";
    }
    // The time without data is not the client's.
    const double waits = crowd.disk_time < hardly_works ? 0 : 200;
    if (outcome.longest_end > stall + 60 + waits) return "P3: a transfer had no end in time";
    if (outcome.most_cached > std::max<std::uint64_t>(crowd.cache, crowd.chunk)) return "P6: too much is in the cache";
    const std::size_t most_sockets = listeners + pool_ports + connected;
    if (crowd.tid_mode == TidMode::pool && outcome.most_sockets > most_sockets) return "P6: too many sockets";
    if (crowd.tid_mode == TidMode::single && outcome.most_sockets > listeners) return "P6: more than one socket";
    if (outcome.forged_files != 0) return "P9: a forged request has left a file";
    if (outcome.beyond_allowance != 0) return "P10: more than is allowed was sent to a forged address";
    if (outcome.answers_to_errors != 0) return "P11: an ERROR was answered";
    if (outcome.most_idle_in_second > 20 + 10 * crowd.members.size()) return "P14: woken for nothing";
    if (outcome.transfers_left != 0) return "P15: a transfer is left";
    if (outcome.files_left_open != 0) return "P15: a file is left open";
    if (outcome.waits_for_something) return "P15: something is still waited for";
    return {};
}

// --- smaller ones

namespace {

using Edit = std::function<void(Crowd&)>;

void add_scene_edits(std::vector<Edit>& edits, std::size_t i) {
    const auto change = [&](auto what) { edits.emplace_back([i, what](Crowd& crowd) { what(crowd.members[i]); }); };
    change([](Member& one) { one.rebinds.reset(); });
    change([](Member& one) { one.path_mtu = 0; });
    change([](Member& one) { one.begins = 0; });
    change([](Member& one) { one.ipv6 = false; });
    change([](Member& one) { one.scene.cut.reset(); });
    change([](Member& one) { one.scene.burst = 0; });
    change([](Member& one) { one.scene.loss = 0; });
    change([](Member& one) { one.scene.doubling = 0; });
    change([](Member& one) { one.scene.jitter = 0; });
    change([](Member& one) { one.scene.temper = Temper::strict; });
    change([](Member& one) { one.scene.rollover = 0; });
    change([](Member& one) { one.text = false; });
}

// Those that make a crowd smaller or its world kinder, the strongest first.
std::vector<Edit> edits_of(const Crowd& crowd) {
    std::vector<Edit> edits;
    for (std::size_t i = crowd.members.size(); i-- > 0 && crowd.members.size() > 1;) {
        edits.emplace_back([i](Crowd& one) { one.members.erase(one.members.begin() + static_cast<long>(i)); });
    }
    edits.emplace_back([](Crowd& one) { one.spoofers = 0; });
    edits.emplace_back([](Crowd& one) { one.full = 0; });
    edits.emplace_back([](Crowd& one) { one.clock_jumps = false; });
    edits.emplace_back([](Crowd& one) { one.change = Crowd::Change::none; });
    edits.emplace_back([](Crowd& one) { one.disk_fails_at.reset(); });
    edits.emplace_back([](Crowd& one) { one.disk_time = 0; });
    edits.emplace_back([](Crowd& one) { one.restart.reset(); });
    edits.emplace_back([](Crowd& one) {
        if (one.restart) one.restart->lasts = 0;
    });
    edits.emplace_back([](Crowd& one) { one.tid_mode = TidMode::pool; });
    edits.emplace_back([](Crowd& one) { one.connect_after = Crowd().connect_after; });
    edits.emplace_back([](Crowd& one) { one.most_segments = 1; });
    edits.emplace_back([](Crowd& one) {
        for (Member& member : one.members) member.scene.size /= 2;
    });
    for (std::size_t i = 0; i < crowd.members.size(); ++i) add_scene_edits(edits, i);
    return edits;
}

}  // namespace

Crowd shrunk(Crowd crowd, const std::string& broken) {
    const std::string property = broken.substr(0, broken.find(':'));
    const auto still_breaks = [&](const Crowd& one) {
        return broken_property(one, run(one)).starts_with(property + ":");
    };
    int runs = 300;
    for (bool smaller = true; smaller && runs > 0;) {
        smaller = false;
        auto edits = edits_of(crowd);
        for (std::size_t i = 0; i < edits.size(); ++i) {
            Crowd candidate = crowd;
            edits[i](candidate);
            if (describe(candidate) == describe(crowd) || --runs < 0 || !still_breaks(candidate)) continue;
            const bool fewer = candidate.members.size() < crowd.members.size();
            crowd = std::move(candidate);
            smaller = true;
            if (!fewer) continue;
            edits = edits_of(crowd);
            --i;  // the next one has moved up
        }
    }
    return crowd;
}

std::string describe(const Crowd& crowd) {
    std::string out = "seed " + std::to_string(crowd.seed) + " tid_mode " +
                      std::to_string(static_cast<int>(crowd.tid_mode)) + " spoofers " + std::to_string(crowd.spoofers) +
                      " connected after " + std::to_string(crowd.connect_after) + " full " +
                      std::to_string(crowd.full) + " segments " + std::to_string(crowd.most_segments) + " chunk " +
                      std::to_string(crowd.chunk) + " cache " + std::to_string(crowd.cache) +
                      (crowd.clock_jumps ? " clock jumps" : "") + " change " +
                      std::to_string(static_cast<int>(crowd.change)) + " at " + std::to_string(crowd.changes_at);
    if (crowd.disk_fails_at) out += " disk fails at " + std::to_string(*crowd.disk_fails_at);
    if (crowd.disk_time > 0) out += " disk takes " + std::to_string(crowd.disk_time);
    if (crowd.restart) {
        out += std::string(crowd.restart->silent ? " dies" : " restarts") + " at " + std::to_string(crowd.restart->at) +
               " for " + std::to_string(crowd.restart->lasts);
    }
    for (const Member& one : crowd.members) {
        out += "\n  " + one.name + " begins " + std::to_string(one.begins) + (one.ipv6 ? " ipv6" : "") + " host " +
               std::to_string(one.host) + (one.rebinds ? " rebinds " + std::to_string(*one.rebinds) : "") + " mtu " +
               std::to_string(one.path_mtu) + (one.text ? " netascii " : " ") + describe(one.scene);
    }
    return out;
}

}  // namespace wherry::tftp::world
