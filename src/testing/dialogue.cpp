#include "testing/dialogue.h"

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/text.h"
#include "testing/dialogue_given.h"
#include "testing/dialogue_text.h"
#include "testing/harness.h"

namespace wherry::testing {
namespace {

class Dialogue {
public:
    void step(std::string_view text);

private:
    void given(std::string_view rest);
    void operate(std::string_view what);
    void expect_reply(std::string_view rest);
    void data(std::string_view rest);
    void data_tls(std::string_view rest);
    void tls(std::string_view rest);
    void expect_file(std::string_view rest);
    Client& client() {
        if (!client_) {
            client_ = harness_.connect(from_, to_);
            client_->tls_options = tls_options_;
            if (harness_.implicit_tls && !client_->begin_tls()) throw Mismatch("the TLS handshake failed");
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
    TlsClientOptions tls_options_;
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
    } else if (verb == "tls") {
        tls(rest);
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

void Dialogue::tls(std::string_view rest) {
    const std::string_view what = word(rest);
    if (what.empty()) {
        if (!client().begin_tls()) throw Mismatch("the TLS handshake failed: " + client().tls->failure());
    } else if (what == "fails") {
        if (client().begin_tls()) throw Mismatch("the TLS handshake succeeded");
    } else if (what == "end") {
        client().end_tls();
    } else if (what == "version") {
        tls_options_.version = rest == "1.2" ? 12 : 13;
    } else if (what == "name") {
        tls_options_.server_name = rest;
    } else if (what == "offers") {
        tls_options_.protocols.clear();
        while (!rest.empty()) tls_options_.protocols.emplace_back(word(rest));
    } else if (what == "is") {
        if (client().tls->common_name() != rest) throw Mismatch("is: " + client().tls->common_name());
    } else {
        throw Mismatch("there is no such step");
    }
    if (client_) client_->tls_options = tls_options_;
}

void Dialogue::data_tls(std::string_view rest) {
    if (rest == "fails") {
        connection();
        if (client().data_secured()) throw Mismatch("the TLS handshake succeeded");
        return;
    }
    client().protect_data = rest != "off";
    client().resume_data = rest != "fresh";
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
        std::string password;
        User user = user_of(rest, password);
        passwords_[user.name] = password;
        harness_.add_user(std::move(user), password);
    } else if (what == "anonymous") {
        harness_.anonymous = true;
    } else if (what == "tls") {
        harness_.tls = true;
        if (!rest.empty()) harness_.tls_names.clear();
        while (!rest.empty()) harness_.tls_names.emplace_back(word(rest));
    } else {
        const std::size_t equals = all.find('=');
        if (equals == std::string_view::npos) throw Mismatch("there is no such thing to be given");
        set_option(harness_, trim(all.substr(0, equals)), trim(all.substr(equals + 1)));
    }
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
        if (client().data_tls && !client().data_tls->heard_end()) throw Mismatch("it ended without close_notify");
        if (client().received != unquote(rest)) throw Mismatch("came: " + shown(client().received));
        client().data = nullptr;
    } else if (what == "holds" || what == "lacks") {
        connection();
        client().data_ended();
        const bool found = client().received.find(unquote(rest)) != std::string::npos;
        if (found != (what == "holds")) throw Mismatch("came: " + shown(client().received));
    } else if (what == ">") {
        connection();
        client().send_data(unquote(rest));
        client().end_data();
        client().data = nullptr;
    } else if (what == "send") {
        connection();
        client().send_data(unquote(rest));
        harness_.run();
    } else if (what == "end") {
        connection();
        client().end_data();
        client().data = nullptr;
    } else if (what == "cut") {
        connection().end_sending();
        harness_.run();
        client().data = nullptr;
    } else if (what == "tls") {
        data_tls(rest);
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
