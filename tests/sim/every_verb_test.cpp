// Every verb of the table in every state of a session: exactly one reply, or the two that are written down, and the
// session goes on.
#include <algorithm>
#include <map>

#include "ftp/commands.h"
#include "sim/sim.h"

namespace wherry::testing {
namespace {

// An argument that is well-formed, where the verb takes one.
std::string_view usual_argument(std::string_view verb) {
    static const std::map<std::string_view, std::string_view> arguments{
        {"USER", "alice"},
        {"PASS", "x"},
        {"TYPE", "I"},
        {"MODE", "S"},
        {"STRU", "F"},
        {"OPTS", "UTF8 ON"},
        {"REST", "5"},
        {"ALLO", "5"},
        {"PORT", "198,51,100,7,156,65"},
        {"EPRT", "|1|198.51.100.7|40001|"},
        {"MFMT", "20010909014640 a"},
        {"MKD", "made"},
        {"XMKD", "made"},
        {"RNTO", "renamed"},
        {"SITE", "CHMOD 600 a"},
        {"CWD", "dir"},
        {"XCWD", "dir"},
        {"RMD", "empty"},
        {"XRMD", "empty"},
        {"LIST", "dir"},
        {"NLST", "dir"},
        {"MLSD", "dir"},
        {"MLST", "dir"},
        {"STAT", "dir"},
        {"EPSV", "1"},
        {"HELP", "RETR"},
    };
    const auto found = arguments.find(verb);
    return found == arguments.end() ? "a" : found->second;
}

struct Case {
    std::string verb;
    bool argument = false;
    std::string line() const { return argument ? verb + " " + std::string(usual_argument(verb)) : verb; }
};

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (const ftp::Row& row : ftp::commands()) {
        all.push_back({std::string(row.verb), false});
        all.push_back({std::string(row.verb), true});
    }
    all.push_back({"FROB", true});  // nobody's
    all.push_back({"HOST", true});  // somebody else's
    return all;
}

class EveryVerb : public Sim {
protected:
    // Does `check` with each verb, alone and with an argument, on a server of its own.
    template <class Check>
    void for_each_verb(Check check) {
        for (const Case& next : all_cases()) {
            SCOPED_TRACE(next.line());
            gone();
            begin();
            case_ = next;
            check();
            if (HasFailure()) return;
        }
    }

    const ftp::Row* row() const { return ftp::find(ftp::commands(), case_.verb); }
    bool anytime() const { return row() != nullptr && row()->has(ftp::anytime); }
    bool quits() const { return case_.verb == "QUIT"; }

    // One reply, and the session lives on; QUIT ends it.
    void expect_one_reply(Client& client) {
        client.say(case_.line());
        const auto said = codes(client);
        ASSERT_EQ(said.size(), 1U) << client.last();
        EXPECT_TRUE(said[0] >= 200 && said[0] < 600) << said[0];
        expect_usable(client);
    }
    void expect_usable(Client& client) {
        if (quits()) {
            EXPECT_TRUE(client.closed());
            return;
        }
        EXPECT_EQ(client.ask("NOOP"), 200);
        EXPECT_EQ(client.code(), 0);
        EXPECT_FALSE(client.control().ended());
    }
    // A transfer is under way; `finish` lets it end.
    template <class Finish>
    void expect_order_around_transfer(Client& client, Finish finish) {
        client.say(case_.line());
        const auto at_once = codes(client);
        if (case_.verb == "ABOR") {
            EXPECT_EQ(at_once, (std::vector{426, 226}));
            EXPECT_TRUE(client.data_ended());
            return expect_usable(client);
        }
        ASSERT_EQ(at_once.size(), anytime() ? 1U : 0U);
        finish();
        const auto then = codes(client);
        ASSERT_EQ(then.size(), anytime() ? 1U : 2U);
        EXPECT_EQ(then[0], 226);
        expect_usable(client);
    }
    static void finish_download(Client& client) {
        client.data->window = 1 << 20;
        EXPECT_TRUE(client.data_ended());
        client.data = nullptr;
    }
    void finish_upload(Client& client) {
        client.data->end_sending();
        harness().run();
        EXPECT_EQ(harness().content("/new"), "abc");
        client.data = nullptr;
    }

    Case case_;
};

TEST_F(EveryVerb, before_user) {
    for_each_verb([this] {
        auto client = harness().connect();
        ASSERT_EQ(client->code(), 220);
        expect_one_reply(*client);
    });
}

TEST_F(EveryVerb, after_user) {
    for_each_verb([this] {
        auto client = harness().connect();
        ASSERT_EQ(client->code(), 220);
        ASSERT_EQ(client->ask("USER alice"), 331);
        expect_one_reply(*client);
    });
}

TEST_F(EveryVerb, logged_in) {
    for_each_verb([this] { expect_one_reply(alice()); });
}

TEST_F(EveryVerb, after_rnfr) {
    for_each_verb([this] {
        ASSERT_EQ(alice().ask("RNFR a"), 350);
        expect_one_reply(alice());
    });
}

TEST_F(EveryVerb, after_rest) {
    for_each_verb([this] {
        ASSERT_EQ(alice().ask("REST 4"), 350);
        expect_one_reply(alice());
    });
}

// With a data connection prepared but never made, a transfer gives up: two replies.
TEST_F(EveryVerb, after_epsv) {
    for_each_verb([this] {
        ASSERT_EQ(alice().ask("EPSV"), 229);
        if (row() == nullptr || !row()->has(ftp::channel)) return expect_one_reply(alice());
        alice().say(case_.line());
        harness().wait(settings().data_connect_timeout);
        const auto said = codes(alice());
        ASSERT_FALSE(said.empty());
        if (said.size() == 2) {
            EXPECT_EQ(said, (std::vector{150, 425}));
        } else {
            EXPECT_EQ(said, (std::vector{501}));
            EXPECT_FALSE(case_.argument);
        }
        expect_usable(alice());
    });
}

TEST_F(EveryVerb, during_retr) {
    for_each_verb([this] {
        begin_download(alice());
        expect_order_around_transfer(alice(), [&] { finish_download(alice()); });
    });
}

TEST_F(EveryVerb, during_stor) {
    for_each_verb([this] {
        begin_upload(alice());
        expect_order_around_transfer(alice(), [&] { finish_upload(alice()); });
    });
}

TEST_F(EveryVerb, while_the_server_drains) {
    for_each_verb([this] {
        begin_download(alice());
        harness().server().drain();
        alice().say(case_.line());
        const auto at_once = codes(alice());
        if (case_.verb == "ABOR") {
            EXPECT_EQ(at_once.front(), 426);
            EXPECT_TRUE(std::ranges::count(at_once, 421) == 1) << at_once.size();
        } else {
            ASSERT_EQ(at_once.size(), anytime() ? 1U : 0U);
            finish_download(alice());
            EXPECT_EQ(codes(alice()), (std::vector{226, 421}));
        }
        EXPECT_TRUE(alice().closed());
        expect_nothing_left();
    });
}

}  // namespace
}  // namespace wherry::testing
