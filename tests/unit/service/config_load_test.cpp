#include "service/config_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace wherry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace std::chrono_literals;

std::vector<std::string> problems(std::string_view content) {
    std::vector<std::string> out;
    for (const ConfigProblem& problem : parse_config(content, "w.toml").problems) {
        out.push_back(print_problem("w.toml", problem));
    }
    return out;
}

// --- what is wrong, word for word ----------------------------------------------------------------

struct Bad {
    const char* content;
    const char* message;  // how it begins: lists of what is known grow
};

class BadConfig : public ::testing::TestWithParam<Bad> {};

TEST_P(BadConfig, IsReportedWithItsPlaceAndWhatIsAllowed) {
    EXPECT_THAT(problems(GetParam().content), ElementsAre(StartsWith(GetParam().message))) << GetParam().content;
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadConfig,
    ::testing::Values(
        // keys
        Bad{"[ftp]\npasive_ports = \"1-2\"",
            "w.toml:2:1: ftp.pasive_ports: unknown key; did you mean \"passive_ports\"?"},
        Bad{"[fpt]\n", "w.toml:1:2: fpt: unknown key; did you mean \"ftp\"?"},
        Bad{"[ftp]\nsessions = 5", "w.toml:2:1: ftp.sessions: unknown key; did you mean \"limits.sessions\"?"},
        Bad{"[limits]\nbananas = 5",
            "w.toml:2:1: limits.bananas: unknown key; known are sessions, sessions_per_address"},
        Bad{"listen = \"*:21\"", "w.toml:1:1: listen: unknown key; known are users, "},
        Bad{"[ftp]\n\"a\\u001bb\" = 1",
            "w.toml:2:1: ftp.\"a\\x1Bb\": unknown key; known are listen, tls_listen, implicit_listen, "},
        Bad{"ftp = 3", "w.toml:1:1: ftp: must be a table: [ftp]"},
        Bad{"[tftp]\noptions = 3", "w.toml:2:1: tftp.options: must be a table: [tftp.options]"},
        Bad{"[tftp.optoins]\nrefuse = []",
            "w.toml:1:7: tftp.optoins: unknown key; known are listen, enabled, workers, "},
        Bad{"[tftp.timers]\npace = \"150 us\"",
            "w.toml:2:8: tftp.timers.pace: must be \"auto\", \"off\", or a time from \"1us\" to \"100000us\""},
        Bad{"[tftp]\nrefuse_source_ports = [53, 65536]",
            "w.toml:2:23: tftp.refuse_source_ports: must be a list of ports, like [53, 69]"},
        Bad{"[tftp]\nrefuse_source_ports = [\"ftp\"]",
            "w.toml:2:23: tftp.refuse_source_ports: must be a list of ports, like [53, 69]"},
        Bad{"[[tftp.rule]]\nname_regex = \"(\"",
            "w.toml:2:14: tftp.rule.name_regex: is not a regular expression that can be used: "},
        Bad{"[tftp.read]\nallow = [\"10.0.0.0/33\"]",
            "w.toml:2:9: tftp.read.allow: must be networks like \"10.0.0.0/8\": "},
        Bad{"[tftp]\nrule = 3", "w.toml:2:8: tftp.rule: must be tables, each one [[tftp.rule]]"},
        Bad{"[[tftp.rule]]\nwindowsize_mx = 3",
            "w.toml:2:1: tftp.rule.windowsize_mx: unknown key; did you mean \"windowsize_max\"?"},
        Bad{"[[tftp.rule]]\n[[tftp.rule]]\nmac = [\"00:1x\"]",
            "w.toml:3:7: tftp.rule.mac: must be hardware addresses, or beginnings of them like \"00:1b:21\""},
        Bad{"[[tftp.rule]]\nwrite = \"on\"", "w.toml:2:9: tftp.rule.write: must be "},
        Bad{"users = 3", "w.toml:1:9: users: must hold tables, like [users.alice]"},
        // kinds of values
        Bad{"[ftp]\npassive = \"yes\"", "w.toml:2:11: ftp.passive: must be true or false, without quotation marks"},
        Bad{"[ftp]\ngreeting = 5", "w.toml:2:12: ftp.greeting: must be text; write it in quotation marks"},
        Bad{"[ftp]\ngreeting = \"a\\u0000b\"",
            "w.toml:2:12: ftp.greeting: must not hold control characters other than line ends (\\n)"},
        Bad{"[ftp]\nline_limit = 5", "w.toml:2:14: ftp.line_limit: must be a whole number from 512 to 65536"},
        Bad{"[ftp]\nline_limit = \"8192\"", "w.toml:2:14: ftp.line_limit: must be a whole number from 512 to 65536"},
        Bad{"[limits]\nsessions = -1", "w.toml:2:12: limits.sessions: must be a whole number from 0 to 1000000"},
        Bad{"[rates]\nupload = \"fast\"",
            "w.toml:2:10: rates.upload: must be a number of bytes from 0 to 9223372036854775807, or text with a unit "
            "like "
            "\"2M/s\""},
        Bad{"[uploads]\nfree_space_floor = \"10 percent\"",
            "w.toml:2:20: uploads.free_space_floor: must be a number of bytes from 0 to 9223372036854775807, or text "
            "with "
            "a unit like \"10M\""},
        Bad{"[ftp]\nidle_timeout = \"soon\"",
            "w.toml:2:16: ftp.idle_timeout: must be a number of seconds, or text with a unit like \"90s\", \"5m\" or "
            "\"1h\""},
        Bad{"[ftp]\nidle_timeout = \"8d\"", "w.toml:2:16: ftp.idle_timeout: must be from \"0s\" to \"7d\""},
        Bad{"[ftp]\nlogin_timeout = 0", "w.toml:2:17: ftp.login_timeout: must be from \"1s\" to \"7d\""},
        Bad{"[ftp]\nidle_timeout = \"1500ms\"", "w.toml:2:16: ftp.idle_timeout: must be whole seconds"},
        Bad{"[log]\nlevel = \"warn\"",
            "w.toml:2:9: log.level: must be one of \"debug\", \"info\", \"warning\", \"error\", \"off\""},
        Bad{"[log]\nlevel = \"inof\"",
            "w.toml:2:9: log.level: must be one of \"debug\", \"info\", \"warning\", \"error\", \"off\"; did you mean "
            "\"info\"?"},
        Bad{"[log]\nlevel = 3",
            "w.toml:2:9: log.level: must be one of \"debug\", \"info\", \"warning\", \"error\", \"off\""},
        Bad{"[log]\nfile = \"wherry.log\"", "w.toml:2:8: log.file: must be an absolute path: it begins with \"/\""},
        Bad{"[login]\nusers_files = [\"/a\", \"b\"]",
            "w.toml:2:15: login.users_files: \"b\" must be an absolute path: it begins with \"/\""},
        Bad{"[login]\nusers_files = [1]", "w.toml:2:15: login.users_files: must be text, or a list of texts in [ ]"},
        // addresses and ports
        Bad{"[ftp]\nlisten = [\"192.0.2:21\"]", "w.toml:2:10: ftp.listen: '192.0.2' is not an IPv4 or IPv6 address"},
        Bad{"[ftp]\nlisten = [\"ftp/example:21\"]",
            "w.toml:2:10: ftp.listen: 'ftp/example' is not an IPv4 or IPv6 address"},
        Bad{"[ftp]\nlisten = [\"ftp.example\"]",
            "w.toml:2:10: ftp.listen: 'ftp.example' is not ADDRESS:PORT (as in 0.0.0.0:2121 or [::]:2121)"},
        Bad{"[ftp]\nlisten = [\"ftp.example:ftp\"]", "w.toml:2:10: ftp.listen: 'ftp' is not a port (0 to 65535)"},
        Bad{"[ftp]\nlisten = [\"ftp.example:21\", \"FTP.example:21\"]",
            "w.toml:2:10: ftp.listen: \"FTP.example:21\" is there twice"},
        Bad{"[ftp]\ncharset_listen = \"ftp.example:21\"",
            "w.toml:2:18: ftp.charset_listen: \"ftp.example:21\" is no address"},
        Bad{"[ftp]\nlisten = \"127.0.0.1\"",
            "w.toml:2:10: ftp.listen: '127.0.0.1' is not ADDRESS:PORT (as in 0.0.0.0:2121 or [::]:2121)"},
        Bad{"[ftp]\nlisten = \"127.0.0.1:99999\"", "w.toml:2:10: ftp.listen: '99999' is not a port (0 to 65535)"},
        Bad{"[ftp]\nlisten = [\"*:21\", \"[::]:21\"]", "w.toml:2:10: ftp.listen: \"[::]:21\" is there twice"},
        Bad{"[tftp]\nlisten = \"systemd:\"",
            "w.toml:2:10: tftp.listen: 'systemd:' is not systemd:NAME, a FileDescriptorName= of its unit"},
        Bad{"[ftp]\nlisten = [\"systemd:a\", \"systemd:a\"]", "w.toml:2:10: ftp.listen: \"systemd:a\" is there twice"},
        Bad{"[ftp]\ncharset_listen = \"systemd:a\"", "w.toml:2:18: ftp.charset_listen: \"systemd:a\" is no address"},
        Bad{"[ftp]\npassive_ports = \"50099-50000\"",
            "w.toml:2:17: ftp.passive_ports: runs backwards; write \"50000-50099\""},
        Bad{"[ftp]\npassive_ports = \"20-30\"",
            "w.toml:2:17: ftp.passive_ports: must begin at 1024 or above: lower ports belong to other services"},
        Bad{"[ftp]\npassive_ports = \"5000\"",
            "w.toml:2:17: ftp.passive_ports: must be two ports like \"50000-50099\""},
        Bad{"[ftp]\npassive_ports = \"5000-5010-5020\"",
            "w.toml:2:17: ftp.passive_ports: must be two ports like \"50000-50099\""},
        Bad{"[ftp]\npassive_ports = \"50000-70000\"",
            "w.toml:2:17: ftp.passive_ports: must be two ports like \"50000-50099\""},
        Bad{"[ftp]\nnat_address = \"ftp.example.org\"",
            "w.toml:2:15: ftp.nat_address: \"ftp.example.org\" must be an IPv4 address in digits, like "
            "\"203.0.113.7\""},
        Bad{"[ftp]\nnat_address = \"2001:db8::1\"",
            "w.toml:2:15: ftp.nat_address: \"2001:db8::1\" must be an IPv4 address in digits, like \"203.0.113.7\""},
        // rights
        Bad{"[anonymous]\npermissions = \"e l r\"",
            "w.toml:2:15: anonymous.permissions: must be letters only, as in \"elradfmwMT\""},
        Bad{"[filesystem]\numask = \"089\"",
            "w.toml:2:9: filesystem.umask: must be octal digits in quotation marks, like \"022\""},
        Bad{"[filesystem]\numask = 22",
            "w.toml:2:9: filesystem.umask: must be octal digits in quotation marks, like \"022\""},
        Bad{"[filesystem]\numask = \"1000\"",
            "w.toml:2:9: filesystem.umask: must be octal digits in quotation marks, like \"022\""}));

TEST(ConfigLoad, ReportsAllMistakesInTheOrderOfTheFile) {
    EXPECT_THAT(
        problems("[limits]\nsessions = \"many\"\n[log]\nlevel = 1\n[ftp]\npassive = 1\nfoo = 2\n"),
        ElementsAre(::testing::StartsWith("w.toml:2:12: limits.sessions:"),
                    ::testing::StartsWith("w.toml:4:9: log.level:"), ::testing::StartsWith("w.toml:6:11: ftp.passive:"),
                    ::testing::StartsWith("w.toml:7:1: ftp.foo:")));
}

TEST(ConfigLoad, ReportsBrokenTomlWithItsPlace) {
    const auto found = problems("[ftp]\nlisten = [\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0], ::testing::MatchesRegex("w.toml:[0-9]+:[0-9]+: not valid TOML: .*"));
    EXPECT_THAT(problems("[ftp]\npassive = true\npassive = true\n"),
                ElementsAre(::testing::StartsWith("w.toml:3:11: not valid TOML: ")));
}

// toml++ 3.3 asserts, or assumes in a release, that a key follows "[[" before it looks.
TEST(ConfigLoad, ReportsATableHeaderThatIsNoKey) {
    EXPECT_THAT(problems("[[["), ElementsAre(HasSubstr("expected bare key starting character")));
    EXPECT_THAT(problems("[:ftp]"), ElementsAre(HasSubstr("expected bare key starting character")));
    EXPECT_THAT(problems("[ftp]\nlisten.= 1"), ElementsAre(HasSubstr("not valid TOML")));
}

// toml++ 3.3 holds it for impossible to be asked whether a letter beyond ASCII is a blank.
TEST(ConfigLoad, ReportsALetterBeyondAsciiOutsideOfText) {
    EXPECT_THAT(problems("gr\xC3\xBC\xC3\x9F"
                         "e = 1"),
                ElementsAre(HasSubstr("not valid TOML")));
    EXPECT_THAT(problems("a\xC8\xB6|"), ElementsAre(HasSubstr("not valid TOML")));
    EXPECT_THAT(problems("[ftp]\nlisten = \xD0\xB4"), ElementsAre(HasSubstr("not valid TOML")));
}

TEST(ConfigLoad, SaysNothingOfTheRestWhereAValueIsWrong) {
    const LoadedConfig loaded = parse_config("[limits]\nsessions = 9\ntransfers = \"x\"\n", "w.toml");
    EXPECT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.config.limits.sessions, 9U);
    EXPECT_EQ(loaded.config.limits.transfers, LimitOptions().transfers);
}

// --- what is right -------------------------------------------------------------------------------

TEST(ConfigLoad, TakesAnEmptyFileForTheDefaults) {
    const LoadedConfig loaded = parse_config("# nothing\n", "/etc/w.toml");
    EXPECT_THAT(loaded.problems, IsEmpty());
    EXPECT_EQ(loaded.config.file, "/etc/w.toml");
    EXPECT_THAT(loaded.config.ftp.listen, ElementsAre(net::Address::any(2121)));
    EXPECT_FALSE(loaded.config.users_inline);
}

TEST(ConfigLoad, ReadsEveryKindOfValue) {
    const LoadedConfig loaded = parse_config(R"(
        [ftp]
        listen = ["127.0.0.1:2121", "[::1]:0", "*:2100"]
        greeting = "Hello.\nSecond line \"quoted\"."
        passive_ports = "50000 - 50099"
        nat_address = "203.0.113.7"
        active = false
        idle_timeout = 90
        login_timeout = "1m30s"
        [limits]
        sessions = 7
        [rates]
        upload = "2M/s"
        download = 1000
        [uploads]
        free_space_floor = "1.5G"
        [login]
        users_files = "/etc/wherry/users.toml"
        failure_delay = "250ms"
        [anonymous]
        folder = "/srv/pub"
        permissions = "elw"
        [filesystem]
        symlinks = "never"
        umask = "027"
        [log]
        level = "debug"
        [users.alice]
        home = "/srv/alice"
    )",
                                             "w.toml");
    EXPECT_THAT(loaded.problems, IsEmpty());
    const Config& config = loaded.config;
    EXPECT_THAT(config.ftp.listen, ElementsAre(net::Address::loopback(2121), net::Address::parse("[::1]:0").value(),
                                               net::Address::any(2100)));
    EXPECT_EQ(config.ftp.settings.greeting, "Hello.\nSecond line \"quoted\".");
    EXPECT_EQ(config.ftp.settings.passive_first, 50000);
    EXPECT_EQ(config.ftp.settings.passive_last, 50099);
    EXPECT_EQ(config.ftp.settings.nat_address->ip(), "203.0.113.7");
    EXPECT_FALSE(config.ftp.settings.active);
    EXPECT_EQ(config.ftp.settings.idle_timeout, 90s);
    EXPECT_EQ(config.ftp.settings.login_timeout, 90s);
    EXPECT_EQ(config.limits.sessions, 7U);
    EXPECT_EQ(config.rates.upload, 2U << 20U);
    EXPECT_EQ(config.rates.download, 1000U);
    EXPECT_EQ(config.uploads.free_space_floor, 3ULL << 29U);
    EXPECT_THAT(config.users_files, ElementsAre("/etc/wherry/users.toml"));
    EXPECT_EQ(config.login.failure_delay, 250ms);
    EXPECT_EQ(config.anonymous.folder, "/srv/pub");
    EXPECT_EQ(config.anonymous.permissions, Perm("elw"));
    EXPECT_EQ(config.filesystem.symlinks, Symlinks::never);
    EXPECT_EQ(config.filesystem.umask, 027U);
    EXPECT_EQ(config.log.level, LogLevel::debug);
    EXPECT_TRUE(config.users_inline);
}

// --- from disk -----------------------------------------------------------------------------------

TEST(ConfigLoad, ReadsRulesOfTftp) {
    const LoadedConfig loaded = parse_config(
        "[[tftp.rule]]\nclient = [\"10.0.0.0/8\"]\nmac = [\"00:1b:21\", \"00-1c\"]\ninterface = \"eth*\"\n"
        "name = \"boot/*\"\nname_regex = \"efi$\"\nop = \"read\"\n[[tftp.rule]]\nroot = \"/srv/lab\"\nread = "
        "false\nwrite = \"create\"\n"
        "refuse = [\"tsize\"]\nblksize_max = 1024\nwindowsize_max = 16\nmtu = 1400\nrollover = 1\n"
        "rto_fixed = \"500ms\"\npace = \"off\"\nrate = \"2M/s\"\n",
        "w.toml");
    EXPECT_THAT(loaded.problems, IsEmpty());
    const auto& rules = loaded.config.tftp.settings.rules;
    ASSERT_EQ(rules.size(), 2U);
    tftp::Rule first;
    first.client = {net::Subnet::parse("10.0.0.0/8").value()};
    first.mac = {net::MacPrefix::parse("001b21").value(), net::MacPrefix::parse("001c").value()};
    first.interface = "eth*";
    first.name = "boot/*";
    first.name_regex = tftp::NameRegex::parse("efi$").value();
    first.op = tftp::Rule::Direction::read;
    EXPECT_EQ(rules[0], first);
    tftp::Rule second;
    second.root = "/srv/lab";
    second.read = false;
    second.write = tftp::WriteMode::create;
    second.refuse = {"tsize"};
    second.blksize_max = 1024;
    second.windowsize_max = 16;
    second.mtu = 1400;
    second.rollover = 1;
    second.rto_fixed = 500ms;
    second.pace = tftp::Span(0);
    second.rate = 2 * 1024 * 1024;
    EXPECT_EQ(rules[1], second);
}

TEST(ConfigLoad, ReadsPortsThatAreNotAnswered) {
    const auto ports_in = [](std::string_view text) {
        const LoadedConfig loaded = parse_config(text, "w.toml");
        EXPECT_THAT(loaded.problems, IsEmpty());
        return loaded.config.tftp.settings.refuse_source_ports;
    };
    EXPECT_THAT(ports_in(""), Contains(161));
    EXPECT_THAT(ports_in("tftp.refuse_source_ports = []"), IsEmpty());
    EXPECT_THAT(ports_in("tftp.refuse_source_ports = [0, 53, 65535]"), ElementsAre(0, 53, 65535));
}

TEST(ConfigLoad, ReadsAFile) {
    const testing::TempFolder folder;
    const std::string file = folder.write("w.toml", "[limits]\nsessions = 3\n");
    const auto loaded = load_config(file);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->config.limits.sessions, 3U);
    EXPECT_EQ(loaded->config.file, file);
}

TEST(ConfigLoad, SaysWhyAFileCannotBeRead) {
    const testing::TempFolder folder;
    const auto missing = load_config(folder.path("none.toml"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message,
              "reading the configuration " + folder.path() + "/none.toml: No such file or directory");
    EXPECT_FALSE(load_config(folder.path()));  // a folder
}

TEST(ConfigLoad, TakesTheFileOfThePackages) {
    const auto loaded = load_config(WHERRY_SOURCE_DIR "/packaging/wherry.toml");
    ASSERT_TRUE(loaded);
    EXPECT_THAT(loaded->problems, IsEmpty());
    EXPECT_THAT(loaded->config.ftp.listen, ElementsAre(net::Address::any(21)));
}

}  // namespace
}  // namespace wherry
