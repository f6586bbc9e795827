// A whole FTP session: what a client sends meets every parser in the order and the state that it chooses. Input: a byte
// of options, then lines. A line that begins with ~ is a deed on the data connection or a wait, all others go onto the
// control connection as they are.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz.h"
#include "testing/harness.h"

namespace {

using namespace std::chrono_literals;
using namespace wherry;
using namespace wherry::testing;
using wherry::fuzz::require;

constexpr std::size_t longest_wait_in_seconds = 400;

void deed(Harness& harness, Client& client, std::string_view words) {
    const char what = words.empty() ? '\0' : words.front();
    if (!words.empty()) words.remove_prefix(1);
    switch (what) {
        case 'o': client.open_data(); break;
        case 'O': client.open_data_from(net::Address::parse_ip("203.0.113.66", 5555).value()); break;
        case 'w':
            if (client.data) client.data->window = words.size() * words.size();
            break;
        case 's':
            if (client.data) client.data->send(std::string(words));
            break;
        case 'e':
            if (client.data) client.data->end_sending();
            break;
        case 'r':
            if (client.data) client.data->reset();
            break;
        case 't':
            harness.wait(std::chrono::seconds(std::min(longest_wait_in_seconds, words.size() * words.size())));
            break;
        default: client.data_ended(); break;
    }
    harness.run();
}

void check_replies(Client& client) {
    while (const auto reply = client.reply()) {
        const std::string_view text = *reply;
        require(text.size() >= 4 && text[0] >= '1' && text[0] <= '5', "a reply begins with its code");
        require(text.find('\0') == std::string_view::npos, "no NUL in a reply");
        // For some clients a line ends there.
        for (std::size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
            require(at + 1 < text.size() && text[at + 1] == '\n', "no lone CR in a reply");
        }
    }
}

// What every client of the fuzzed one's kind leaves behind: nothing.
void check_nothing_left(Harness& harness) {
    harness.run();
    harness.wait(1s);
    require(harness.sessions() == 0, "no session is left");
    require(harness.metrics().value(Metric::sessions) == 0 && harness.metrics().value(Metric::transfers) == 0,
            "the metrics count down");
    require(harness.permits().sessions() == 0 && harness.permits().counters() == 0, "every permit is given back");
    require(harness.network().listeners() == 0, "no passive port is left open");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, std::min<std::size_t>(size, 16384));
    const unsigned options = input.byte();
    Harness harness;
    harness.add_user("alice", "x");
    harness.logins.failure_delay = {};
    harness.logins.attempts = 1000;
    harness.settings.login_timeout = 1h;
    harness.limits.transfers = 3;
    harness.uploads.atomic = (options & 1) != 0;
    harness.put("/a", std::string(1000, 'a'));
    (void)harness.files->make_directory(Path::resolve("/dir").value(), 0777);
    harness.put("/dir/b", "some lines\nof text\r\n");
    {
        const auto client = harness.connect();
        if ((options & 2) == 0) require(client->log_in("alice", "x"), "alice may log in");
        harness.network().listen_as_client(net::Address::parse("198.51.100.7:40001").value());
        while (!input.empty()) {
            const std::string_view line = input.until('\n');
            if (line.starts_with('~')) {
                deed(harness, *client, line.substr(1));
            } else {
                client->send(std::string(line) + "\n");
            }
            if ((options & 8) == 0) check_replies(*client);  // else at the end only
        }
        if ((options & 4) != 0) {
            client->reset();
        } else {
            client->hang_up();
        }
        check_replies(*client);
        if (client->data) client->data->reset();
    }
    for (int seconds = 0; seconds < 7200 && harness.sessions() > 0; ++seconds) harness.wait(1s);
    check_nothing_left(harness);
    const auto next = harness.connect();
    require(next->log_in("alice", "x") && next->ask("NOOP") == 200, "the next client is served");
    return 0;
}
