// Random sequences of commands, arguments and deeds on the data connection. Whatever the order: one final reply for
// each command, no crash, nothing left behind.
#include <random>

#include "ftp/commands.h"
#include "sim/sim.h"

namespace wherry::testing {
namespace {

using namespace std::chrono_literals;

class RandomCommands : public Sim, public ::testing::WithParamInterface<unsigned> {
protected:
    static constexpr unsigned seeds_a_test = 30;

    void begin_with(unsigned seed) {
        gone();
        begin();
        random_.seed(seed);
        settings().data_connect_timeout = 2s;
        settings().stall_timeout = 3s;
        settings().idle_timeout = 24h;
        settings().login_timeout = 24h;
        harness().logins.attempts = 1'000'000;
        harness().limits.transfers = 3;
        harness().uploads.atomic = seed % 2 == 0;
    }

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
    template <std::size_t n>
    std::string pick(const char* const (&words)[n]) {
        return words[below(n)];
    }

    // QUIT ends the sequence, so it is said at the end only.
    std::string line() {
        static constexpr const char* likely[] = {"EPSV",       "PASV",
                                                 "EPSV",       "RETR a",
                                                 "STOR new",   "LIST dir",
                                                 "NLST *",     "MLSD",
                                                 "ABOR",       "NOOP",
                                                 "STAT",       "APPE new",
                                                 "REST 7",     "TYPE I",
                                                 "PWD",        "RNFR new",
                                                 "RNTO other", "CWD dir",
                                                 "CDUP",       "EPRT |1|198.51.100.7|40001|",
                                                 "PASS x",     "PORT 198,51,100,7,156,65"};
        static constexpr const char* arguments[] = {"",
                                                    "a",
                                                    "dir",
                                                    "..",
                                                    "/",
                                                    "nowhere/x",
                                                    "*",
                                                    "d?r",
                                                    "-l",
                                                    "0",
                                                    "7",
                                                    "-1",
                                                    "ALL",
                                                    "1",
                                                    "I",
                                                    "A N",
                                                    "x",
                                                    "CHMOD 600 a",
                                                    "20010909014640 a",
                                                    "\xff\xf4\xff\xf2",
                                                    "198,51,100,7,156,65",
                                                    "|1|198.51.100.7|40001|",
                                                    "UTF8 ON"};
        if (below(3) != 0) return pick(likely);
        const auto rows = ftp::commands();
        const std::string verb(rows[below(rows.size())].verb);
        if (verb == "QUIT") return "FROB";
        const std::string argument = pick(arguments);
        return argument.empty() ? verb : verb + " " + argument;
    }

    void deed(Client& client) {
        switch (below(9)) {
            case 0:
            case 1: client.open_data(); break;
            case 2: client.open_data_from(net::Address::parse_ip("203.0.113.66", 5555).value()); break;
            case 3:
                if (client.data) client.data->window = below(3) == 0 ? 5 : 1 << 20;
                break;
            case 4:
                if (client.data) client.data->send("some bytes\r\n");
                break;
            case 5:
                if (client.data) client.data->end_sending();
                break;
            case 6:
                if (client.data) client.data->reset();
                break;
            case 7: client.data_ended(); break;
            case 8: harness().wait(std::chrono::milliseconds(100 * below(40))); break;
        }
        harness().run();
    }

    std::size_t final_replies(Client& client) {
        std::size_t count = 0;
        for (const int code : codes(client)) {
            EXPECT_TRUE(code >= 100 && code < 600) << code;
            EXPECT_NE(code, 421);
            if (code >= 200) ++count;
        }
        return count;
    }

    void run_sequence();

    std::mt19937 random_;
};

void RandomCommands::run_sequence() {
    (void)alice();
    if (below(2) == 0) harness().network().listen_as_client(net::Address::parse("198.51.100.7:40001").value());
    std::size_t said = 0;
    std::size_t answered = 0;
    std::string script;
    for (std::size_t i = 0; i < 40; ++i) {
        if (below(3) == 0) {
            deed(alice());
            continue;
        }
        std::string batch;
        if (below(4) == 0) {  // or most of it would be refused for want of a login
            batch = "USER alice\r\nPASS x\r\nTYPE I\r\n";
            said += 3;
        }
        for (std::size_t lines = below(4) == 0 ? below(40) + 1 : 1; lines > 0; --lines, ++said) {
            batch += line() + "\r\n";
        }
        script += batch;
        alice().send(batch);
        if (below(2) == 0) answered += final_replies(alice());
    }
    // What still waits for a data connection or for bytes gives up in its time.
    for (int i = 0; i < 2000 && answered < said; ++i) {
        harness().wait(1s);
        answered += final_replies(alice());
    }
    EXPECT_EQ(answered, said) << script;
    EXPECT_EQ(alice().ask("NOOP"), 200);
    EXPECT_EQ(alice().ask("QUIT"), 221);
    EXPECT_TRUE(alice().closed());
    expect_nothing_left();
    (void)harness().files->remove_file(Path::resolve("/a").value());
    (void)harness().files->remove_directory(Path::resolve("/a").value());
    harness().put("/a", content);
    expect_service();
}

TEST_P(RandomCommands, one_final_reply_each_and_nothing_left) {
    for (unsigned i = 0; i < seeds_a_test && !HasFailure(); ++i) {
        const unsigned seed = GetParam() * seeds_a_test + i;
        SCOPED_TRACE("seed " + std::to_string(seed));
        begin_with(seed);
        run_sequence();
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCommands, ::testing::Range(0U, 10U));

}  // namespace
}  // namespace wherry::testing
