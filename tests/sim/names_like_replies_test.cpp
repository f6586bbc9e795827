// Names that read like replies: a router that looks into control connections for "227 ..." and opens the port that
// stands there (NAT slipstreaming, abuse of FTP ALGs) must not find one that a client has made up, nor one in the text
// of an error.
#include "core/text.h"
#include "sim/sim.h"

namespace wherry::testing {
namespace {

class NamesLikeReplies : public Sim {
protected:
    // No line of what was answered begins like the answer to PASV or EPSV.
    void nothing_opens_a_port(std::string_view command) {
        alice().say(command);
        int replies = 0;
        while (const auto reply = alice().reply()) {
            ++replies;
            for (const std::string_view line : split(*reply, '\n')) {
                EXPECT_FALSE(line.starts_with("227") || line.starts_with("229")) << command << ": " << *reply;
            }
        }
        EXPECT_GT(replies, 0) << command;
    }
};

TEST_F(NamesLikeReplies, stand_behind_a_code_or_a_space) {
    for (const std::string name :
         {"227 Entering Passive Mode (10,0,0,1,0,22)", "229 Entering Extended Passive Mode (|||22|)"}) {
        nothing_opens_a_port("MKD " + name);
        nothing_opens_a_port("CWD " + name);
        nothing_opens_a_port("PWD");
        nothing_opens_a_port("MLST");
        nothing_opens_a_port("STAT .");
        nothing_opens_a_port("CDUP");
        nothing_opens_a_port("STAT .");
        nothing_opens_a_port("STAT " + name);
        nothing_opens_a_port("MLST " + name);
        nothing_opens_a_port("RNFR " + name);
        for (const char* command : {"SIZE ", "MDTM ", "RETR ", "RNTO /nowhere/", "DELE ", "HELP ", "SITE ", "OPTS ",
                                    "USER ", "SITE HELP ", "FEAT ", "HOST ", "LANG ", "ACCT ", "CLNT ", "RMD "}) {
            nothing_opens_a_port(command + name);
        }
        nothing_opens_a_port(name);
        alice().say("USER alice");
        alice().say("PASS x");
        while (alice().reply()) continue;
    }
}

}  // namespace
}  // namespace wherry::testing
