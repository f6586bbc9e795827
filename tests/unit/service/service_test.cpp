#include "service/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "net/self_signed.h"
#include "service/config_keys.h"
#include "service/run.h"
#include "support/temp_folder.h"

// No socket is opened here: without listen() a service has everything but clients.
namespace wherry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

Config small() {
    Config config;
    config.runtime.loops = 1;
    config.log.level = LogLevel::off;
    return config;
}

std::unique_ptr<Service> service_of(Config config, ServiceParts parts = {}) {
    auto service = Service::create(std::move(config), std::move(parts));
    EXPECT_TRUE(service) << service.error().message;
    return service ? std::move(*service) : nullptr;
}

bool has_ended(const Service& service, int milliseconds) {
    pollfd waiting{service.ended_descriptor(), POLLIN, 0};
    return poll(&waiting, 1, milliseconds) == 1;
}

constexpr int patience = 20'000;  // milliseconds; the end of a test that would hang

std::string content(const std::string& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
}

// --- life ----------------------------------------------------------------------------------------

TEST(Service, CanGoWithoutEverHavingStarted) {
    const auto service = service_of(small());
    service->drain();
    service->stop();
    EXPECT_FALSE(has_ended(*service, 0));
}

TEST(Service, EndsWhenItIsDrained) {
    const auto service = service_of(small());
    service->start();
    EXPECT_FALSE(has_ended(*service, 0));
    service->drain();
    EXPECT_TRUE(has_ended(*service, patience));
    service->drain();
}

TEST(Service, EndsWhenItIsStoppedHoweverOften) {
    const auto service = service_of(small());
    service->start();
    service->stop();
    EXPECT_TRUE(has_ended(*service, patience));
    service->stop();
    service->drain();
}

TEST(Service, StopsByItselfWhenItGoes) { service_of(small())->start(); }

TEST(Service, SharesNothingWithAnother) {
    const auto one = service_of(small());
    const auto other = service_of(small());
    one->start();
    other->start();
    one->metrics().add(Metric::logins_total);
    EXPECT_EQ(other->metrics().value(Metric::logins_total), 0);
    one->stop();
    EXPECT_FALSE(has_ended(*other, 0));
}

// A signal that one of its threads took would run the handler of the program in there, or end the program.
TEST(Service, LeavesTheSignalsOfTheCallerAsTheyWere) {
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    const auto service = service_of(small());
    service->start();
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGUSR1}) {
        EXPECT_EQ(sigismember(&before, number), sigismember(&after, number)) << number;
    }
}

// --- parts ---------------------------------------------------------------------------------------

TEST(Service, SaysWhatItCannotOpen) {
    const TempFolder folder;
    Config config = small();
    config.anonymous.folder = folder.path("missing");
    EXPECT_THAT(Service::create(config).error().message,
                HasSubstr("missing: No such file or directory; make the folder"));
    config = small();
    config.users_files = {folder.path("none.toml")};
    EXPECT_THAT(Service::create(config).error().message, HasSubstr("none.toml"));
    config = small();
    config.log.file = folder.path();
    EXPECT_THAT(Service::create(config).error().message, HasSubstr("correct log.file"));
    config = small();
    config.ftp.listen.clear();
    EXPECT_THAT(Service::create(config).error().message, HasSubstr("ftp.listen"));
}

TEST(Service, RefusesADescriptorThatIsNoListeningSocket) {
    Config config = small();
    config.ftp.listen.clear();
    config.ftp.descriptors = {9999};
    const auto service = service_of(config);
    EXPECT_THAT(service->listen().error().message, HasSubstr("descriptor 9999"));
}

TEST(Service, LogsToAFunctionOrAFile) {
    const TempFolder folder;
    Config config = small();
    config.log.level = LogLevel::info;
    config.log.file = folder.path("w.log");
    service_of(config)->log().info("into the {}", "file");
    EXPECT_THAT(content(config.log.file), HasSubstr("into the file"));

    std::string said;
    ServiceParts parts;
    parts.log = [&](LogLevel, std::string_view line) { said = line; };
    service_of(config, std::move(parts))->log().info("into the function");
    EXPECT_EQ(said, "into the function");
    EXPECT_THAT(content(config.log.file), Not(HasSubstr("function")));
}

// --- reload --------------------------------------------------------------------------------------

TEST(Service, ReloadAppliesWhatIsLiveAndTellsOfTheRest) {
    const auto service = service_of(small());
    Config fresh = small();
    fresh.limits.sessions = 1;
    fresh.log.level = LogLevel::warning;
    fresh.runtime.disk_threads = 3;
    const Reloaded first = service->reload(fresh);
    EXPECT_THAT(first.changed, ElementsAre("limits.sessions", "log.level"));
    EXPECT_THAT(first.restart, ElementsAre("runtime.disk_threads"));
    EXPECT_THAT(first.mistakes, IsEmpty());
    EXPECT_TRUE(service->log().writes(LogLevel::warning));
    EXPECT_FALSE(service->log().writes(LogLevel::info));
    const auto permit = service->limits().session("192.0.2.1");
    EXPECT_TRUE(permit);
    EXPECT_EQ(service->limits().session("192.0.2.2").error().code, Code::busy);
    // The threads wait for a restart still; the rest is as it is asked for.
    const Reloaded second = service->reload(fresh);
    EXPECT_THAT(second.changed, IsEmpty());
    EXPECT_THAT(second.restart, ElementsAre("runtime.disk_threads"));
}

// The table says which keys are live; this says that they are.
TEST(Service, ReloadAppliesEveryKeyThatTheTableCallsLive) {
    const TempFolder folder;
    const std::string pem = net::make_self_signed({"localhost"}).value();
    Config before = small();
    before.tls.certificate = folder.write("a.pem", pem);
    before.tls.client_authorities = folder.write("authority.pem", pem);
    const std::map<std::string_view, std::string> texts = {
        {"tls.ciphers", "ECDHE+AESGCM"}, {"tls.cipher_suites", "TLS_AES_128_GCM_SHA256"},
        {"tls.minimum", "1.3"},          {"tls.control", "required"},
        {"tls.data", "required"},        {"tls.reuse", "require"},
        {"tls.client_user", "email"},    {"tls.client_certificates", "optional"}};
    for (const ConfigKey& key : config_keys()) {
        const auto service = service_of(before);
        Config fresh = before;
        bool set = false;
        if (key.change == ConfigKey::Change::restart) continue;
        const std::string text = texts.contains(key.name) ? texts.at(key.name)
                                 : key.group() == "tls"   ? folder.write("b.pem", pem)
                                                          : "error";
        for (const Value& value : {Value(std::int64_t{17}),
                                   Value(std::int64_t{5000}),
                                   Value(text),
                                   Value(true),
                                   Value(false),
                                   Value(std::string("/tmp")),
                                   Value(std::string("077")),
                                   Value(std::string("never")),
                                   Value(std::string("hide")),
                                   Value(std::string("raw")),
                                   Value(std::string("GBK")),
                                   Value(std::string("10.0.0.0/8=10.0.0.5")),
                                   Value(std::string("10.0.0.5=10.0.0.6")),
                                   Value(std::string("127.0.0.1:9")),
                                   Value(std::string("10.0.0.0/8")),
                                   Value(std::string("192.0.2.1")),
                                   Value(std::int64_t{1}),
                                   Value(std::string("50000-50100")),
                                   Value(std::string("allow")),
                                   Value(std::string("on")),
                                   Value(std::string("off")),
                                   Value(std::string("ignore")),
                                   Value(std::string("answer")),
                                   Value(std::string("lower")),
                                   Value(std::string("mac")),
                                   Value(std::string("create")),
                                   Value(std::string("at_receipt")),
                                   Value(std::string("keep")),
                                   Value(std::string("crlf")),
                                   Value(std::string("extended")),
                                   Value(std::string("posix")),
                                   Value(std::vector<std::int64_t>{53, 69})}) {
            set = set || (key.field.set(fresh, value) && key.field.show(fresh) != key.field.show(before));
        }
        ASSERT_TRUE(set) << key.name;
        EXPECT_THAT(service->reload(fresh).changed, ElementsAre(key.name));
        EXPECT_THAT(service->reload(fresh).changed, IsEmpty()) << key.name << " was not kept";
        EXPECT_THAT(service->reload(before).changed, ElementsAre(key.name));
    }
}

// A folder that is not there leaves the anonymous user as it was, and the next reload still tells of it.
TEST(Service, ReloadKeepsTheAnonymousFolderIfTheNewOneCannotBeOpened) {
    const TempFolder folder;
    Config config = small();
    config.anonymous.folder = folder.path();
    const auto service = service_of(config);
    Config fresh = config;
    fresh.anonymous.folder = folder.path("nowhere");
    const Reloaded done = service->reload(fresh);
    EXPECT_THAT(done.mistakes, ElementsAre(HasSubstr("nowhere")));
    EXPECT_THAT(done.changed, IsEmpty());
    fresh.anonymous.folder = folder.make_directory("there");
    EXPECT_THAT(service->reload(fresh).changed, ElementsAre("anonymous.folder"));
}

TEST(Service, KeepsItsCertificateWhenTheNewOneIsBad) {
    const TempFolder folder;
    Config config = small();
    config.tls.certificate = folder.write("a.pem", net::make_self_signed({"localhost"}).value());
    const auto service = service_of(config);
    const std::string before = service->tls()->fingerprint();
    folder.write("a.pem", "nonsense");
    EXPECT_THAT(service->refresh(), ElementsAre(AllOf(HasSubstr("a.pem: no certificate in it"), HasSubstr("stays"))));
    EXPECT_EQ(service->tls()->fingerprint(), before);
    folder.write("a.pem", net::make_self_signed({"localhost"}).value());
    EXPECT_THAT(service->refresh(), IsEmpty());
    EXPECT_NE(service->tls()->fingerprint(), before);
    Config other = config;
    other.tls.key = folder.path("missing.pem");
    const Reloaded done = service->reload(other);
    EXPECT_THAT(done.mistakes, ElementsAre(HasSubstr("missing.pem")));
    EXPECT_THAT(done.changed, IsEmpty());
}

// What needs a certificate does not begin to hold where there is none.
TEST(Service, ReloadRequiresTlsOnlyWithACertificate) {
    const TempFolder folder;
    Config config = small();
    const auto service = service_of(config);
    config.ftp.settings.tls.control = Protection::required;
    EXPECT_THAT(service->reload(config).mistakes, ElementsAre(HasSubstr("tls.certificate: is empty")));
    config.tls.certificate = folder.write("a.pem", net::make_self_signed({"localhost"}).value());
    EXPECT_THAT(service->reload(config).changed, ElementsAre("tls.certificate", "tls.control"));
    EXPECT_TRUE(service->tls());
}

TEST(Service, ReloadMakesAndUnmakesResumption) {
    const TempFolder folder;
    Config config = small();
    config.tls.certificate = folder.write("a.pem", net::make_self_signed({"localhost"}).value());
    const auto service = service_of(config);
    EXPECT_TRUE(service->tls()->resumption());
    config.ftp.settings.tls.reuse = TlsReuse::off;
    EXPECT_THAT(service->reload(config).changed, ElementsAre("tls.reuse"));
    EXPECT_FALSE(service->tls()->resumption());
}

TEST(Service, DoesNotStartWithABadCertificateOrWithoutOneThatIsNeeded) {
    const TempFolder folder;
    Config config = small();
    config.tls.certificate = folder.path("none.pem");
    EXPECT_THAT(Service::create(config).error().message, HasSubstr("none.pem: No such file"));
    config.tls.certificate.clear();
    EXPECT_TRUE(Service::create(config));
    config.ftp.settings.tls.control = Protection::required;
    EXPECT_THAT(Service::create(config).error().message, HasSubstr("tls.certificate"));
}

TEST(Service, ReloadOpensTheLogAnewAndReportsUsersFilesThatAreWrong) {
    const TempFolder folder;
    Config config = small();
    config.log.level = LogLevel::info;
    config.log.file = folder.path("w.log");
    config.users_files = {
        folder.write("users.toml", "[users.anonymous]\nanonymous = true\nhome = \"" + folder.path() + "\"\n")};
    const auto service = service_of(config);
    service->log().info("before");
    std::filesystem::rename(config.log.file, folder.path("w.log.1"));
    folder.write("users.toml", "");
    EXPECT_THAT(service->refresh(), ElementsAre(HasSubstr("there is no user in it")));
    service->log().info("after");
    EXPECT_THAT(content(folder.path("w.log.1")), HasSubstr("before"));
    EXPECT_THAT(content(config.log.file), HasSubstr("after"));
}

// --- run -----------------------------------------------------------------------------------------

// The mask of the thread, and what is pending on it, as they were.
class SignalsTest : public ::testing::Test {
protected:
    SignalsTest() { pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
    ~SignalsTest() override {
        sigset_t ours;
        sigemptyset(&ours);
        for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ours, number);
        const timespec at_once{};
        while (sigtimedwait(&ours, nullptr, &at_once) > 0) continue;
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    static bool blocked(int number) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        return sigismember(&mask, number) == 1;
    }

private:
    sigset_t before_;
};

class Run : public SignalsTest {};

TEST_F(Run, FirstSignalDrains) {
    Signals signals;
    const auto service = service_of(small());
    service->start();
    pthread_kill(pthread_self(), SIGTERM);
    run_until_end(*service, signals, [] { ADD_FAILURE() << "no hang-up was sent"; });
    EXPECT_TRUE(has_ended(*service, 0));
}

TEST_F(Run, HangUpIsPassedOnAndDoesNotEnd) {
    Signals signals;
    const auto service = service_of(small());
    service->start();
    int hangups = 0;
    pthread_kill(pthread_self(), SIGHUP);
    run_until_end(*service, signals, [&] {
        EXPECT_FALSE(has_ended(*service, 0));
        if (++hangups == 1) pthread_kill(pthread_self(), SIGINT);
    });
    EXPECT_EQ(hangups, 1);
}

TEST_F(Run, EndsWhenSomebodyElseDrains) {
    Signals signals;
    const auto service = service_of(small());
    service->start();
    service->drain();
    run_until_end(*service, signals, [] {});
    EXPECT_TRUE(has_ended(*service, 0));
}

// It killed the process with -15 after it had ended in an orderly way.
TEST_F(SignalsTest, ASecondOneThatComesLateDoesNotKill) {
    {
        Signals signals;
        pthread_kill(pthread_self(), SIGTERM);
        EXPECT_EQ(signals.wait(-1), SIGTERM);
        pthread_kill(pthread_self(), SIGTERM);
    }
    EXPECT_TRUE(blocked(SIGTERM));
    pthread_kill(pthread_self(), SIGTERM);
    pthread_kill(pthread_self(), SIGINT);
}

TEST_F(SignalsTest, OneThatNobodyWaitedForIsDropped) {
    {
        const Signals signals;
        pthread_kill(pthread_self(), SIGHUP);
    }
    EXPECT_FALSE(blocked(SIGHUP));
}

TEST(Signals, AreTheCallersOwnAgainAfterwards) {
    sigset_t before;
    sigset_t during;
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    {
        const Signals signals;
        pthread_sigmask(SIG_SETMASK, nullptr, &during);
    }
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        EXPECT_EQ(sigismember(&during, number), 1);
        EXPECT_EQ(sigismember(&after, number), sigismember(&before, number));
    }
}

}  // namespace
}  // namespace wherry
