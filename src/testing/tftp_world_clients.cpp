#include <algorithm>

#include "testing/tftp_world_parts.h"

namespace wherry::tftp::world {
namespace {

using std::chrono::milliseconds;

class Getter final : public Client {
public:
    Getter(const Scene& with, Time now) : Client(with, now), begun_(!with.oack) { out.push_back({}); }

    void on(Time now, const Packet& packet) override {
        if (packet.kind == Packet::Kind::oack) {
            if (received_ == 0 && result.empty()) {
                begun_ = true;
                acknowledge(now);
            }
            return;
        }
        if (packet.kind != Packet::Kind::data) return;
        if (!result.empty()) {
            if (result == "ok" && setup.temper != Temper::no_final) send_ack(packet.number);  // lingers
            return;
        }
        if (begun_) on_data(now, packet);
    }
    void on_timer(Time now) override {
        if (!result.empty() || now < rtx) return;
        told_ = never;
        if (++tries > 12) {
            result = "timeout";
            return;
        }
        rtx = now + wait;
        if (begun_ && (received_ > 0 || setup.oack)) {
            acknowledge(now);
        } else {
            out.push_back({});
        }
    }

private:
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    void send_ack(std::uint16_t number) { out.push_back({Packet::Kind::ack, number, {}}); }
    void acknowledge(Time now) {
        acked_ = received_;
        send_ack(wire_number(received_, setup.rollover));
        rtx = now + wait;
    }
    void on_data(Time now, const Packet& packet) {
        if (packet.number == wire_number(received_ + 1, setup.rollover)) return take(now, packet);
        const std::uint64_t low = received_ > setup.window ? received_ - setup.window : 0;
        if (setup.window == 1) {
            if (packet.number == wire_number(received_, setup.rollover)) send_ack(packet.number);
        } else if (setup.temper == Temper::naive) {
            acknowledge(now);  // tells not even a repeat from a gap
        } else if (block_of_wire(packet.number, low, received_, setup.rollover)) {
            const bool last_acked = packet.number == wire_number(acked_, setup.rollover) && received_ == acked_;
            if (last_acked && setup.temper != Temper::mute && now - (rtx - wait) > milliseconds(20)) acknowledge(now);
        } else if (setup.temper != Temper::mute && told_ != received_) {
            told_ = received_;
            acknowledge(now);
        }
    }
    void take(Time now, const Packet& packet) {
        ++received_;
        got += packet.payload;
        tries = 0;
        if (packet.payload.size() < setup.blksize) {
            if (setup.temper != Temper::no_final) acknowledge(now);
            result = "ok";
        } else if (received_ - acked_ >= setup.window || setup.temper == Temper::eager) {
            acknowledge(now);
        } else {
            rtx = now + wait;
        }
    }
    std::uint64_t received_ = 0;
    std::uint64_t acked_ = 0;
    std::uint64_t told_ = never;
    bool begun_;
};

class Putter final : public Client {
public:
    Putter(const Scene& with, Time now, const std::string& content)
        : Client(with, now), content_(content), blocks_(blocks_of_size(content.size(), with.blksize)) {
        out.push_back({});
    }

    void on(Time now, const Packet& packet) override {
        if (!result.empty()) return;
        if (!begun_) {
            const bool invited = packet.kind == Packet::Kind::oack ||
                                 (packet.kind == Packet::Kind::ack && packet.number == 0 && !setup.oack);
            if (invited) {
                begun_ = true;
                window(now);
            }
            return;
        }
        if (packet.kind != Packet::Kind::ack) return;
        const auto block = block_of_wire(packet.number, acked_, sent_, setup.rollover);
        if (!block) return;
        if (*block == acked_ && (setup.window == 1 || setup.temper != Temper::blind)) {
            if (setup.window > 1 && now - (rtx - wait) > milliseconds(20)) window(now);
            return;
        }
        acked_ = *block;
        tries = 0;
        if (acked_ == blocks_) {
            result = "ok";
        } else {
            window(now);
        }
    }
    void on_timer(Time now) override {
        if (!result.empty() || now < rtx) return;
        if (++tries > 12) {
            result = "timeout";
        } else if (!begun_) {
            out.push_back({});
            rtx = now + wait;
        } else {
            window(now);
        }
    }

private:
    void window(Time now) {
        sent_ = std::min(acked_ + setup.window, blocks_);
        for (std::uint64_t block = acked_ + 1; block <= sent_; ++block) {
            out.push_back({Packet::Kind::data, wire_number(block, setup.rollover),
                           content_.substr((block - 1) * setup.blksize, setup.blksize)});
        }
        rtx = now + wait;
    }
    const std::string& content_;
    std::uint64_t blocks_;
    std::uint64_t acked_ = 0;
    std::uint64_t sent_ = 0;
    bool begun_ = false;
};

}  // namespace

std::unique_ptr<Client> new_client(const Scene& scene, Time now, const std::string& content) {
    if (scene.put) return std::make_unique<Putter>(scene, now, content);
    return std::make_unique<Getter>(scene, now);
}

}  // namespace wherry::tftp::world
