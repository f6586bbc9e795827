// A failure at the Nth operation, for N from 0 until none is hit any more: of the control connection, of the data
// connection and of the filesystem, in each of the conversations below. Whatever breaks, nothing is left behind, no
// half file is published, and the next client is served.
#include <map>
#include <optional>

#include "sim/sim.h"

namespace wherry::testing {
namespace {

using namespace std::chrono_literals;

enum class Place { control, data, disk };

struct Fault {
    Place place = Place::disk;
    long nth = -1;  // -1: none
};

// What each conversation moves and where. `path` may come to hold one of the two contents, or with `parts` anything
// that begins with the first and goes on as the second.
struct Conversation {
    const char* name;
    const char* command;
    std::string_view upload;  // what the client sends
    std::string_view path;
    std::string_view before;
    std::string_view after;
    bool parts = false;
};

constexpr Conversation conversations[] = {
    {"login", "NOOP", "", "", "", ""},
    {"list", "LIST dir", "", "", "", ""},
    {"mlsd", "MLSD dir", "", "", "", ""},
    {"retr", "RETR a", "", "", "", ""},
    {"stor", "STOR target", "the new content", "/target", "the old one", "the new content"},
    {"stor_new", "STOR fresh", "the new content", "/fresh", "", "the new content"},
    {"appe", "APPE target", " and more", "/target", "the old one", "the old one and more", true},
};

class Faults : public Sim, public ::testing::WithParamInterface<Conversation> {
protected:
    void prepare() {
        gone();
        begin();
        harness().uploads.atomic = !GetParam().parts;
        harness().limits.transfers = 1;  // a permit that is not given back is felt at once
        harness().put("/target", "the old one");
        files().heal();
    }

    // True if the fault was hit.
    bool run(const Fault& fault) {
        auto client = harness().connect();
        if (fault.place == Place::disk && fault.nth >= 0) {
            files().fail_at(static_cast<std::uint64_t>(fault.nth), Code::io);
        }
        if (fault.place == Place::control) client->control().fail_after = fault.nth;
        bool hit = false;
        std::vector<int> said = converse(*client, fault, hit);
        if (fault.place == Place::control) hit = client->control().fail_after == 0;
        if (fault.place == Place::disk) hit = files().operations() > static_cast<std::uint64_t>(fault.nth);
        files().heal();
        succeeded_ = !said.empty() && said.back() == 226;
        // Only the control connection takes the session with it.
        if (fault.place != Place::control) {
            EXPECT_EQ(client->ask("NOOP"), 200);
            EXPECT_EQ(files().open_files(), 0U);
        }
        client->reset();
        harness().wait(1s);
        return hit;
    }

    std::vector<int> converse(Client& client, const Fault& fault, bool& data_hit) {
        if (!client.log_in("alice", "x")) return {};
        client.ask("TYPE I");
        if (std::string_view(GetParam().command) == "NOOP") return codes(client);
        client.ask("EPSV");
        if (!client.last().starts_with("229") || !client.open_data()) return codes(client);
        const ConnectionPtr data = client.data;
        if (fault.place == Place::data) data->fail_after = fault.nth;
        client.say(GetParam().command);
        for (const char byte : GetParam().upload) {  // byte by byte: many operations to fail at
            data->send(std::string(1, byte));
            harness().run();
        }
        data->end_sending();
        client.data_ended();
        data_hit = data->fail_after == 0;
        return codes(client);
    }

    void expect_whole_or_nothing(const Fault& fault) {
        const Conversation& now = GetParam();
        if (now.path.empty()) return;
        const std::string there = harness().content(now.path).value_or("");
        if (succeeded_) {
            EXPECT_EQ(there, now.after);
        } else if (now.parts) {
            EXPECT_TRUE(now.after.starts_with(there) && there.starts_with(now.before)) << there;
        } else if (fault.place == Place::control) {
            EXPECT_TRUE(there == now.before || there == now.after) << there;  // complete, and nobody could be told
        } else {
            EXPECT_EQ(there, now.before);
        }
        std::vector<Entry> all;
        auto root = files().list(Path(), Detail::names);
        ASSERT_TRUE(root && (*root)->next(all, 100));
        EXPECT_LE(all.size(), 4U);  // a, dir, target, fresh: no half file under any name
    }

    void fail_until_none_is_hit(Place place) {
        prepare();
        ASSERT_FALSE(run({place, -1}) && place != Place::disk);
        ASSERT_EQ(succeeded_, std::string_view(GetParam().command) != "NOOP");
        long hits = 0;
        for (long nth = 0; nth < 200; ++nth) {
            SCOPED_TRACE("operation " + std::to_string(nth));
            prepare();
            const Fault fault{place, nth};
            const bool hit = run(fault);
            expect_nothing_left();
            expect_whole_or_nothing(fault);
            expect_service();
            expect_nothing_left();
            if (HasFailure()) return;
            if (!hit) break;
            ++hits;
            ASSERT_LT(nth, 199);
        }
        const bool moves = std::string_view(GetParam().command) != "NOOP";
        if (place == Place::control || moves) EXPECT_GT(hits, 0);
    }

    bool succeeded_ = false;
};

TEST_P(Faults, of_the_control_connection) { fail_until_none_is_hit(Place::control); }
TEST_P(Faults, of_the_data_connection) { fail_until_none_is_hit(Place::data); }
TEST_P(Faults, of_the_disk) { fail_until_none_is_hit(Place::disk); }

INSTANTIATE_TEST_SUITE_P(Conversations, Faults, ::testing::ValuesIn(conversations),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace wherry::testing
