#include "testing/dialogue.h"

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/text.h"
#include "core/units.h"
#include "testing/harness.h"

namespace wherry::testing {
namespace {

struct Mismatch : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string shown(std::string_view text) { return "\"" + for_log(text, 400) + "\""; }

std::string unquote(std::string_view text) {
    text = trim(text);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') throw Mismatch("needs a text in quotes");
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
            case 'r': out += '\r'; break;
            case 'n': out += '\n'; break;
            case 't': out += '\t'; break;
            case '0': out += '\0'; break;
            case 'x':
                out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
                i += 2;
                break;
            default: out += text[i];
        }
    }
    return out;
}

// The first word, taken off the front of `rest`.
std::string_view word(std::string_view& rest) {
    rest = trim(rest);
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view first = rest.substr(0, end);
    rest = trim(rest.substr(end));
    return first;
}

std::chrono::nanoseconds span_of(std::string_view text) {
    const std::size_t unit = text.find_first_not_of("0123456789");
    const long count = std::stol(std::string(text.substr(0, unit)));
    const std::string_view name = text.substr(std::min(unit, text.size()));
    if (name == "ms") return std::chrono::milliseconds(count);
    if (name == "s") return std::chrono::seconds(count);
    if (name == "m") return std::chrono::minutes(count);
    if (name == "h") return std::chrono::hours(count);
    throw Mismatch("not a time: " + std::string(text));
}

bool switch_of(std::string_view text) { return text == "on" || text == "true" || text == "yes"; }

class Dialogue {
public:
    void step(std::string_view text);

private:
    void given(std::string_view rest);
    void given_user(std::string_view rest);
    void operate(std::string_view what);
    void set(std::string_view name, std::string_view value);
    void expect_reply(std::string_view rest);
    void data(std::string_view rest);
    void expect_file(std::string_view rest);
    Client& client() {
        if (!client_) {
            client_ = harness_.connect(from_, to_);
            if (!greeted_later_) client_->code();
        }
        return *client_;
    }
    Connection& connection() {
        if (client().data && !listening_ && !client().has_new_port()) return *client().data;
        if (listening_) {
            harness_.run();
            client().data = harness_.network().accepted_by_client(*listening_);
            client().received.clear();
            if (!client().data) throw Mismatch("the server has not connected");
            listening_.reset();
        } else if (!client().open_data()) {
            throw Mismatch("nobody listens for the data connection");
        }
        return *client().data;
    }

    Harness harness_;
    std::unique_ptr<Client> client_;
    std::vector<std::unique_ptr<Client>> earlier_;
    std::map<std::string, std::string, std::less<>> passwords_;
    net::Address from_ = net::Address::parse_ip("198.51.100.7", 40000).value();
    net::Address to_ = net::Address::parse_ip("192.0.2.1", 21).value();
    std::optional<net::Address> listening_;
    bool greeted_later_ = false;
};

void Dialogue::step(std::string_view text) {
    std::string_view rest = text;
    const std::string_view verb = word(rest);
    if (verb == ">") {
        client().say(text.size() > 2 ? text.substr(2) : std::string_view());
    } else if (verb == ">>") {
        client().send(unquote(rest));
    } else if (verb == "<") {
        expect_reply(rest);
    } else if (verb == "given") {
        given(rest);
    } else if (verb == "as") {
        const auto known = passwords_.find(rest);
        const std::string password = known == passwords_.end() ? "" : known->second;
        if (client().ask("USER " + std::string(rest)) != 331 || client().ask("PASS " + password) != 230) {
            throw Mismatch("login failed: " + client().last());
        }
    } else if (verb == "data") {
        data(rest);
    } else if (verb == "wait") {
        harness_.wait(span_of(rest));
    } else if (verb == "closed") {
        if (!client().closed()) throw Mismatch("the control connection is still open, or more was said");
    } else if (verb == "open") {
        harness_.run();
        if (client().control().ended()) throw Mismatch("the control connection has been closed");
    } else if (verb == "file" || verb == "no") {
        expect_file(text);
    } else if (verb == "logged") {
        const std::string wanted = unquote(rest);
        for (const auto& line : harness_.log()) {
            if (line.find(wanted) != std::string::npos) return;
        }
        throw Mismatch("no log line holds it");
    } else if (verb == "hang") {
        client().hang_up();
    } else if (verb == "client") {
        from_ = net::Address::parse(rest).value();
        to_ = net::Address::parse(from_.is_ipv6() ? "[2001:db8::1]:21" : "192.0.2.1:21").value();
    } else if (verb == "connect") {
        if (client_) earlier_.push_back(std::move(client_));
        greeted_later_ = true;
        client();
        greeted_later_ = false;
    } else if (verb == "back") {
        if (earlier_.empty()) throw Mismatch("there was no connection before this one");
        std::swap(client_, earlier_.back());
    } else if (verb == "operator") {
        operate(rest);
    } else {
        throw Mismatch("there is no such step");
    }
}

void Dialogue::operate(std::string_view what) {
    if (what == "drain") {
        harness_.server().drain();
    } else if (what == "stop") {
        harness_.server().stop();
    } else if (what == "kill") {
        harness_.commons().sessions.kill_all(Code::killed);
    } else {
        throw Mismatch("an operator does no such thing");
    }
    harness_.run();
}

void Dialogue::given(std::string_view rest) {
    const std::string_view all = rest;
    const std::string_view what = word(rest);
    if (what == "file") {
        const std::string path(word(rest));
        harness_.put(path, unquote(rest));
    } else if (what == "dir") {
        if (!harness_.files->make_directory(Path::resolve(rest).value(), 0777)) throw Mismatch("cannot be made");
    } else if (what == "user") {
        given_user(rest);
    } else if (what == "anonymous") {
        harness_.anonymous = true;
    } else {
        const std::size_t equals = all.find('=');
        if (equals == std::string_view::npos) throw Mismatch("there is no such thing to be given");
        set(trim(all.substr(0, equals)), trim(all.substr(equals + 1)));
    }
}

void Dialogue::given_user(std::string_view rest) {
    User user;
    user.name = word(rest);
    const std::string password(word(rest));
    passwords_[user.name] = password;
    user.permissions = perm::all;
    while (!rest.empty()) {
        const std::string_view token = word(rest);
        const std::size_t equals = token.find('=');
        if (equals == std::string_view::npos) {
            user.permissions = Perm::parse(token).value();
            continue;
        }
        const std::string_view what = token.substr(0, equals);
        const std::string_view value = token.substr(equals + 1);
        if (what.starts_with('/')) {
            user.rules.push_back({Path::resolve(what).value(), Perm::parse(value).value()});
        } else if (what == "storage") {
            user.limits.storage = parse_u63(value).value();
        } else if (what == "sessions") {
            user.limits.sessions = static_cast<std::uint32_t>(parse_u63(value).value());
        } else if (what == "start") {
            user.start = Path::resolve(value).value();
        } else {
            throw Mismatch("a user has no such thing");
        }
    }
    harness_.add_user(std::move(user), password);
}

void Dialogue::set(std::string_view name, std::string_view value) {
    const auto seconds = [&] { return std::chrono::duration_cast<std::chrono::seconds>(span_of(value)); };
    const auto number = [&] { return static_cast<std::uint32_t>(parse_u63(value).value()); };
    ftp::Settings& settings = harness_.settings;
    if (name == "greeting")
        settings.greeting = unquote(value);
    else if (name == "idle_timeout")
        settings.idle_timeout = seconds();
    else if (name == "login_timeout")
        settings.login_timeout = seconds();
    else if (name == "data_connect_timeout")
        settings.data_connect_timeout = seconds();
    else if (name == "stall_timeout")
        settings.stall_timeout = seconds();
    else if (name == "line_limit")
        settings.line_limit = number();
    else if (name == "passive")
        settings.passive = switch_of(value);
    else if (name == "active")
        settings.active = switch_of(value);
    else if (name == "foreign_addresses")
        settings.foreign_addresses = switch_of(value);
    else if (name == "privileged_ports")
        settings.privileged_ports = switch_of(value);
    else if (name == "passive_first")
        settings.passive_first = static_cast<std::uint16_t>(number());
    else if (name == "passive_last")
        settings.passive_last = static_cast<std::uint16_t>(number());
    else if (name == "nat_address")
        settings.nat_address = net::Address::parse_ip(value, 0).value();
    else if (name == "unreachable")
        harness_.network().unreachable = switch_of(value);
    else if (name == "transfers")
        harness_.limits.transfers = number();
    else if (name == "sessions")
        harness_.limits.sessions = number();
    else if (name == "sessions_per_address")
        harness_.limits.sessions_per_address = number();
    else if (name == "attempts")
        harness_.logins.attempts = number();
    else if (name == "failure_delay")
        harness_.logins.failure_delay = seconds();
    else if (name == "atomic")
        harness_.uploads.atomic = switch_of(value);
    else if (name == "keep_partial")
        harness_.uploads.keep_partial = switch_of(value);
    else if (name == "overwrite")
        harness_.uploads.overwrite = switch_of(value);
    else if (name == "download_rate")
        harness_.rates.session_download = number();
    else if (name == "upload_rate")
        harness_.rates.session_upload = number();
    else
        throw Mismatch("there is no such setting");
}

void Dialogue::expect_reply(std::string_view rest) {
    const auto reply = client().reply();
    if (rest == "nothing") {
        if (reply) throw Mismatch("came: " + shown(*reply));
        return;
    }
    if (!reply) throw Mismatch("no reply came");
    const std::string_view code = word(rest);
    const std::string text = rest.starts_with('"') ? unquote(rest) : std::string(rest);
    if (!reply->starts_with(code) || reply->find(text) == std::string::npos) throw Mismatch("came: " + shown(*reply));
}

void Dialogue::data(std::string_view rest) {
    const std::string_view what = word(rest);
    if (what == "connect") {
        if (!client().open_data()) throw Mismatch("nobody listens");
    } else if (what == "refused") {
        if (client().open_data()) throw Mismatch("somebody listens");
    } else if (what == "listen") {
        listening_ = net::Address::parse(rest).value();
        harness_.network().listen_as_client(*listening_);
    } else if (what == "from") {
        if (!client().open_data_from(net::Address::parse(rest).value())) throw Mismatch("nobody listens");
    } else if (what == "<") {
        connection();
        if (!client().data_ended()) throw Mismatch("the data connection did not end");
        if (client().received != unquote(rest)) throw Mismatch("came: " + shown(client().received));
        client().data = nullptr;
    } else if (what == "holds" || what == "lacks") {
        connection();
        client().data_ended();
        const bool found = client().received.find(unquote(rest)) != std::string::npos;
        if (found != (what == "holds")) throw Mismatch("came: " + shown(client().received));
    } else if (what == ">") {
        connection().send(unquote(rest));
        connection().end_sending();
        harness_.run();
        client().data = nullptr;
    } else if (what == "send") {
        connection().send(unquote(rest));
        harness_.run();
    } else if (what == "end") {
        connection().end_sending();
        harness_.run();
        client().data = nullptr;
    } else if (what == "reset") {
        connection().reset();
        harness_.run();
        client().data = nullptr;
    } else if (what == "window") {
        connection().window = parse_u63(rest).value();
    } else if (what == "closed") {
        if (client().data && !client().data_ended()) throw Mismatch("the data connection is open");
        client().data = nullptr;
    } else {
        throw Mismatch("there is no such step");
    }
}

void Dialogue::expect_file(std::string_view rest) {
    harness_.run();
    const bool absent = word(rest) == "no";
    if (absent) word(rest);
    const std::string path(word(rest));
    const auto content = harness_.content(path);
    if (absent && harness_.exists(path)) throw Mismatch("it is there");
    if (absent) return;
    if (!content) throw Mismatch("there is no such file");
    if (*content != unquote(rest)) throw Mismatch("holds: " + shown(*content));
}

}  // namespace

std::string run_dialogue(std::string_view text) {
    Dialogue dialogue;
    std::size_t number = 0;
    for (std::string_view line : split(text, '\n')) {
        ++number;
        if (trim(line).empty() || trim(line).front() == '#') continue;
        // Steps are separated by two blanks; a quoted text may hold any number of them.
        bool quoted = false;
        std::size_t start = 0;
        for (std::size_t i = 0; i <= line.size(); ++i) {
            if (i < line.size() && line[i] == '"' && (i == 0 || line[i - 1] != '\\')) quoted = !quoted;
            const bool cut = i == line.size() || (!quoted && line.substr(i, 2) == "  ");
            if (!cut) continue;
            std::string_view step = line.substr(start, i - start);
            while (step.starts_with(' ')) step.remove_prefix(1);
            start = i + 1;
            if (step.empty()) continue;
            try {
                dialogue.step(step);
            } catch (const std::exception& error) {
                return "line " + std::to_string(number) + ": " + std::string(step) + ": " + error.what();
            }
        }
    }
    return {};
}

}  // namespace wherry::testing
