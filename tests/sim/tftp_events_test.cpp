// What programs are told of TFTP: its events.
#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing/tftp_harness.h"
#include "tftp/effects.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using enum Metric;
using namespace std::chrono_literals;
using namespace std::string_literals;
using Why = tftp::SendRange::Why;

class TftpEvents : public ::testing::Test {
protected:
    void SetUp() override {
        server.settings.write.mode = tftp::WriteMode::create;
        server.base.put("/one", "1");
        server.base.put("/s5000", std::string(5000, 's'));
    }
    void next_client() { server.client = server.client.with_port(static_cast<std::uint16_t>(++port)); }
    template <class Kind>
    const Kind& only() {
        EXPECT_EQ(events().size(), 1U);
        return std::get<Kind>(events().at(0));
    }
    std::vector<Event>& events() { return server.base.tftp_events(); }
    std::vector<Event>& requests() { return server.base.tftp_requests(); }

    TftpHarness server;
    int port = 3000;
};

TEST_F(TftpEvents, an_event_of_a_refusal) {
    server.wrq("one\n", {}, "netascii");
    server.to_listener(""s);
    ASSERT_EQ(events().size(), 1U);
    events().clear();
    next_client();
    server.rrq("none");
    const auto& refused = only<event::TftpRefused>();
    EXPECT_FALSE(refused.upload);
    EXPECT_FALSE(refused.text);
    EXPECT_EQ(refused.name, "none");
    EXPECT_EQ(refused.code, 1);
    EXPECT_EQ(refused.reason, "File not found");
    EXPECT_FALSE(refused.why.empty());
    EXPECT_EQ(refused.session.protocol, "tftp");
    EXPECT_EQ(refused.session.peer, "198.51.100.7");
    EXPECT_EQ(refused.session.peer_port, 3001);
    EXPECT_EQ(refused.session.local, "192.0.2.1");
    EXPECT_EQ(refused.session.local_port, 69);
}

TEST_F(TftpEvents, events_of_a_download) {
    server.map = "r ^boot/ \n";
    server.rrq("boot/s5000", {{"blksize", "1024"}, {"windowsize", "2"}});
    const auto started = only<event::TftpStarted>();
    EXPECT_EQ(started.name, "boot/s5000");
    EXPECT_EQ(started.path.text(), "/s5000");
    EXPECT_EQ(started.block_size, 1024);
    EXPECT_EQ(started.window_size, 2);
    EXPECT_EQ(started.size, 5000U);
    server.wait(10ms);
    server.ack(0);
    server.ack(2);
    server.ack(4);
    server.ack(5);
    ASSERT_EQ(events().size(), 2U);
    const auto& done = std::get<event::TftpDone>(events()[1]);
    EXPECT_EQ(done.path.text(), "/s5000");
    EXPECT_EQ(done.result, "ok");
    EXPECT_EQ(done.bytes, 5000U);
    EXPECT_EQ(done.blocks, 5U);
    EXPECT_EQ(done.repeated, 0U);
    EXPECT_EQ(done.timeouts, 0U);
    EXPECT_GE(done.round_trip.value(), 1us);
    EXPECT_EQ(done.duration, 10ms);
    EXPECT_TRUE(server.logged("\"boot/s5000\" -> /s5000 ok 5000 B"));
}

TEST_F(TftpEvents, events_of_an_upload) {
    server.upload("new", "a\r\nb", {}, "netascii");
    ASSERT_EQ(events().size(), 2U);
    EXPECT_TRUE(std::get<event::TftpStarted>(events()[0]).upload);
    const auto& done = std::get<event::TftpUploaded>(events()[1]);
    EXPECT_TRUE(done.upload);
    EXPECT_TRUE(done.text);
    EXPECT_EQ(done.path.text(), "/new");
    EXPECT_EQ(done.bytes, 4U);
    EXPECT_EQ(done.blocks, 1U);
}

TEST_F(TftpEvents, events_of_a_probe_and_a_failure) {
    server.rrq("s5000", {{"tsize", "0"}});
    server.error(8, "got it");
    ASSERT_EQ(events().size(), 2U);
    EXPECT_EQ(std::get<event::TftpProbed>(events()[1]).result, "probe");
    events().clear();
    next_client();
    server.rrq("s5000");
    server.ack(1);
    server.wait(3min);
    ASSERT_EQ(events().size(), 2U);
    const auto& failed = std::get<event::TftpFailed>(events()[1]);
    EXPECT_EQ(failed.result, "timeout");
    EXPECT_EQ(failed.bytes, 512U);
    EXPECT_GT(failed.timeouts, 3U);
    EXPECT_EQ(failed.repeated, failed.timeouts - 1);
    EXPECT_EQ(failed.blocks, 2 + failed.repeated);
}

TEST_F(TftpEvents, an_event_of_content_has_no_path) {
    server.handlers.push_back({"made", false, [](const TftpRequest&) { return TftpAnswer::content("made"); }});
    server.rrq("made");
    EXPECT_TRUE(only<event::TftpStarted>().path.is_root());
    EXPECT_EQ(only<event::TftpStarted>().size, 4U);
}

TEST_F(TftpEvents, events_say_more_in_their_details) {
    server.network.interfaces[1] = "eth7";
    server.network.neighbours["198.51.100.7"] = {{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c}};
    server.folder = "/srv/tftp/";
    server.map = "r ^boot/ \n";
    server.rrq("boot/one", {{"BlkSize", "1024"}, {"x-own", "\n7"}, {"tsize", "0"}});
    server.ack(0);
    server.ack(1);
    ASSERT_EQ(events().size(), 2U);
    const auto& started = std::get<event::TftpStarted>(events()[0]);
    const auto& done = std::get<event::TftpDone>(events()[1]);
    for (const event::TftpStarted* one : {&started, static_cast<const event::TftpStarted*>(&done)}) {
        ASSERT_NE(one->details, nullptr);
        EXPECT_EQ(one->details->mac, "00-1b-21-0a-0b-0c");
        EXPECT_EQ(one->details->interface, "eth7");
        const std::vector<std::pair<std::string, std::string>> asked{
            {"BlkSize", "1024"}, {"x-own", "\n7"}, {"tsize", "0"}};
        EXPECT_EQ(one->details->options, asked);
        EXPECT_EQ(one->details->file, "/srv/tftp/one");
        EXPECT_EQ(one->details->handler, "");
        EXPECT_EQ(one->session.user, "");
    }
    EXPECT_EQ(started.details->id, done.details->id);
    EXPECT_NE(started.details->id, 0U);
}

TEST_F(TftpEvents, an_event_of_an_upload_has_the_path_on_the_machine) {
    server.folder = "/srv/tftp";
    server.upload("new", "content");
    ASSERT_EQ(events().size(), 2U);
    EXPECT_EQ(std::get<event::TftpUploaded>(events()[1]).details->file, "/srv/tftp/new");
}

TEST_F(TftpEvents, an_event_has_the_path_in_the_folder_where_the_file_was_found) {
    server.folder = "/srv/tftp";
    server.more_roots = {memory_filesystem()};
    OpenMode mode = OpenMode::for_writing();
    auto file = server.more_roots[0]->open(Path::resolve("/there").value(), mode).value();
    ASSERT_TRUE(file->write_at(0, std::as_bytes(std::span("t", 1))));
    ASSERT_TRUE(file->close());
    server.rrq("there");
    EXPECT_EQ(only<event::TftpStarted>().path.text(), "/there");
    EXPECT_EQ(only<event::TftpStarted>().details->file, "") << "nobody has said where that folder is";
}

TEST_F(TftpEvents, events_name_the_handler_that_has_answered) {
    server.handlers.push_back({"*", false, [](const TftpRequest&) { return TftpAnswer::pass(); }});
    server.handlers.push_back({"m*", false, [](const TftpRequest&) { return TftpAnswer::content("made"); }});
    server.handlers.push_back(
        {"other", false, [](const TftpRequest&) { return TftpAnswer::file(Path::resolve("/one").value()); }});
    server.handlers.push_back({"no", false, [](const TftpRequest&) { return TftpAnswer::refuse(2, "no"); }});
    server.download("made");
    next_client();
    server.download("other");
    next_client();
    server.rrq("no");
    next_client();
    server.download("one");
    ASSERT_EQ(events().size(), 7U);
    EXPECT_EQ(std::get<event::TftpStarted>(events()[0]).details->handler, "m*");
    EXPECT_EQ(std::get<event::TftpDone>(events()[1]).details->handler, "m*");
    EXPECT_EQ(std::get<event::TftpDone>(events()[1]).details->file, "");
    EXPECT_EQ(std::get<event::TftpDone>(events()[3]).details->handler, "other");
    EXPECT_EQ(std::get<event::TftpDone>(events()[3]).path.text(), "/one");
    EXPECT_EQ(std::get<event::TftpRefused>(events()[4]).details->handler, "no");
    EXPECT_EQ(std::get<event::TftpDone>(events()[6]).details->handler, "") << "none but one that has passed it on";
    EXPECT_TRUE(server.logged("\"other\" -> /one ok 1 B"));
    EXPECT_TRUE(server.logged(" handler \"other\""));
    EXPECT_FALSE(server.logged(" handler \"*\""));
}

TEST_F(TftpEvents, an_event_of_a_refusal_has_details) {
    server.network.neighbours["198.51.100.7"] = {{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c}};
    server.rrq("none", {{"tsize", "0"}});
    const auto& refused = only<event::TftpRefused>();
    EXPECT_EQ(refused.details->mac, "00-1b-21-0a-0b-0c");
    EXPECT_EQ(refused.details->options.size(), 1U);
    EXPECT_EQ(refused.details->file, "");
}

TEST_F(TftpEvents, events_name_whose_files_are_served) {
    server.user = "anonymous";
    server.download("one");
    server.upload("new", "content");
    ASSERT_EQ(events().size(), 4U);
    EXPECT_EQ(std::get<event::TftpStarted>(events()[0]).session.user, "anonymous");
    EXPECT_EQ(std::get<event::TftpDone>(events()[1]).session.user, "anonymous");
    EXPECT_EQ(std::get<event::TftpUploaded>(events()[3]).session.user, "anonymous");
    const std::vector<Event>& others = server.base.events();
    ASSERT_EQ(others.size(), 2U);
    EXPECT_EQ(std::get<event::Sent>(others[0]).session.user, "anonymous");
    EXPECT_EQ(std::get<event::Received>(others[1]).session.user, "anonymous");
}

TEST_F(TftpEvents, nothing_is_found_out_for_events_that_nobody_hears) {
    server.base.hears = false;
    server.download("one");
    next_client();
    server.rrq("none");
    EXPECT_EQ(server.network.neighbours_asked, 0U);
    server.base.hears = true;
    next_client();
    server.rrq("none");
    EXPECT_EQ(server.network.neighbours_asked, 2U) << "for the request and for its refusal";
}

TEST_F(TftpEvents, an_event_of_each_request_that_is_let_in_and_understood) {
    server.settings.read_deny = {net::Subnet::parse("198.51.100.66").value()};
    server.network.interfaces[1] = "eth7";
    server.rrq("one", {{"tsize", "0"}}, "netascii");
    ASSERT_EQ(requests().size(), 1U);
    const auto& request = std::get<event::TftpRequested>(requests()[0]);
    EXPECT_EQ(request.name, "one");
    EXPECT_FALSE(request.upload);
    EXPECT_TRUE(request.text);
    EXPECT_EQ(request.session.protocol, "tftp");
    EXPECT_EQ(request.session.peer_port, 2070);
    EXPECT_EQ(request.details->interface, "eth7");
    EXPECT_EQ(request.details->options.size(), 1U);
    EXPECT_EQ(request.details->id, only<event::TftpStarted>().details->id);
    server.rrq("one", {{"tsize", "0"}}, "netascii");
    EXPECT_EQ(requests().size(), 1U) << "the same once more";
    next_client();
    server.rrq("none");
    next_client();
    server.wrq("new");
    ASSERT_EQ(requests().size(), 3U);
    EXPECT_EQ(std::get<event::TftpRequested>(requests()[1]).details->id,
              std::get<event::TftpRefused>(events()[1]).details->id);
    EXPECT_TRUE(std::get<event::TftpRequested>(requests()[2]).upload);
    next_client();
    server.to_listener("\0\1one\0mail\0"s);
    server.client = net::Address::parse_ip("198.51.100.66", 2070).value();
    server.rrq("one");
    EXPECT_EQ(requests().size(), 3U) << "neither what is no request, nor one from where none is welcome";
}

TEST_F(TftpEvents, an_event_of_a_request_that_is_left_without_an_answer) {
    server.handlers.push_back({"*", false, [](const TftpRequest&) { return TftpAnswer::drop(); }});
    server.rrq("one");
    EXPECT_EQ(requests().size(), 1U);
    EXPECT_TRUE(events().empty());
}

TEST_F(TftpEvents, the_end_tells_repeats_for_gaps_from_probes_and_from_time_outs) {
    server.rrq("s5000", {{"windowsize", "4"}});
    server.wait(10ms);
    server.ack(0);
    server.wait(10ms);
    server.ack(2);  // 3 and 4 are lost
    server.ack(2);
    server.ack(2);
    server.wait(60ms);  // the gap is closed: 3 to 6 go, and the tail is probed
    server.ack(6);
    server.wait(5s);  // the tail is probed, and then the timer rings
    server.ack(10);
    ASSERT_EQ(events().size(), 2U);
    const auto& done = std::get<event::TftpDone>(events()[1]);
    EXPECT_EQ(done.details->restarted, 4U);
    EXPECT_EQ(done.details->restarted, server.metric(tftp_data_packets_total, Why::restart));
    EXPECT_GE(done.details->probes, 1U);
    EXPECT_EQ(done.details->probes, server.metric(tftp_data_packets_total, Why::probe));
    EXPECT_EQ(done.repeated - done.details->restarted - done.details->probes,
              server.metric(tftp_data_packets_total, Why::timeout));
    EXPECT_GE(done.timeouts, 1U);
    EXPECT_EQ(done.gaps, 1U);
    EXPECT_EQ(done.details->duplicates, 2U);
}

TEST_F(TftpEvents, an_upload_tells_how_much_came_twice) {
    server.wrq("new");
    server.data(1, std::string(512, 'n'));
    server.data(1, std::string(512, 'n'));
    server.data(2, "end");
    ASSERT_EQ(events().size(), 2U);
    EXPECT_EQ(std::get<event::TftpUploaded>(events()[1]).details->duplicates, 1U);
}

TEST_F(TftpEvents, events_tell_the_options_that_were_granted) {
    using Options = std::vector<std::pair<std::string, std::string>>;
    server.download("s5000", {{"blksize", "99999"}, {"x-own", "7"}, {"tsize", "0"}});
    next_client();
    server.upload("new", "content", {{"timeout", "3"}});
    next_client();
    server.download("one");
    ASSERT_EQ(events().size(), 6U);
    const Options read{{"blksize", std::to_string(std::get<event::TftpStarted>(events()[0]).block_size)},
                       {"tsize", "5000"}};
    const Options write{{"timeout", "3"}};
    EXPECT_EQ(std::get<event::TftpStarted>(events()[0]).details->granted, read);
    EXPECT_EQ(std::get<event::TftpStarted>(events()[2]).details->granted, write);
    EXPECT_EQ(std::get<event::TftpStarted>(events()[4]).details->granted, Options());
}

TEST_F(TftpEvents, an_event_of_a_failure_tells_the_ERROR_that_either_side_has_sent) {
    server.rrq("s5000");
    server.ack(1);
    server.error(3, "full");
    next_client();
    server.rrq("s5000");
    server.ack(1);
    server.wait(3min);
    next_client();
    server.rrq("s5000");
    server.wait(3min);
    ASSERT_EQ(events().size(), 6U);
    const auto& theirs = std::get<event::TftpFailed>(events()[1]);
    ASSERT_TRUE(theirs.details->error);
    EXPECT_TRUE(theirs.details->error->from_client);
    EXPECT_EQ(theirs.details->error->code, 3);
    EXPECT_EQ(theirs.details->error->text, "full");
    EXPECT_EQ(theirs.peer_error, "full");
    const auto& ours = std::get<event::TftpFailed>(events()[3]);
    ASSERT_TRUE(ours.details->error);
    EXPECT_FALSE(ours.details->error->from_client);
    EXPECT_EQ(ours.details->error->code, 0);
    EXPECT_EQ(ours.details->error->text, "Transfer timed out");
    EXPECT_EQ(ours.peer_error, "");
    EXPECT_FALSE(std::get<event::TftpFailed>(events()[5]).details->error) << "to one that nobody has heard of";
}

TEST_F(TftpEvents, a_download_tells_which_part_of_it_came_out_of_the_cache) {
    const std::size_t chunk = 256 * 1024;
    server.base.put("/two", std::string(2 * chunk, '2'));
    const auto cached = [&](std::string_view name, std::string_view mode = "octet") {
        events().clear();
        next_client();
        server.download(name, {{"blksize", "1024"}}, mode);
        return std::get<event::TftpDone>(events().at(1)).details->cached;
    };
    EXPECT_EQ(cached("two"), 0.0);
    EXPECT_EQ(cached("two"), 1.0);
    EXPECT_EQ(cached("two", "netascii"), 0.0) << "as text it is something else";
    EXPECT_EQ(cached("two", "netascii"), 1.0);
    server.base.put("/empty", "");
    EXPECT_EQ(cached("empty"), std::nullopt);
}

TEST_F(TftpEvents, content_that_is_made_for_a_request_comes_from_no_cache) {
    server.handlers.push_back({"made", false, [](const TftpRequest&) { return TftpAnswer::content("made"); }});
    server.download("made");
    EXPECT_EQ(std::get<event::TftpDone>(events().at(1)).details->cached, std::nullopt);
}

// The queue of events holds tens of thousands: what few want to know goes to TftpDetails.
static_assert(sizeof(Event) <= 416);

}  // namespace
}  // namespace wherry
