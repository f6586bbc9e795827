#include "testing/harness.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <future>
#include <type_traits>
#include <utility>
#include <variant>

#include "auth/anonymous.h"
#include "net/self_signed.h"

namespace wherry::testing {

Harness::Harness()
    : files(memory_filesystem()),
      log_(LogLevel::debug, [this](LogLevel, std::string_view line) { log_lines_.emplace_back(line); }),
      bus_(metrics_),
      users_(std::make_shared<StaticUsers>()),
      chain_({users_}) {
    const auto remember = [this](const Event& event) {
        const auto asked = [](const auto& one) {
            return std::is_base_of_v<event::TftpAsked, std::decay_t<decltype(one)>>;
        };
        const bool request = std::holds_alternative<event::TftpRequested>(event);
        (request ? tftp_requests_ : std::visit(asked, event) ? tftp_events_ : events_).push_back(event);
    };
    bus_.subscribe(remember, ~0U, [this] { return hears; });
    bus_.deliver_inline();
}

Harness::~Harness() {
    if (!server_) return;
    server_->stop();
    run();
    wait(std::chrono::seconds(10));
}

void Harness::add_user(const std::string& name, const std::string& password, Perm letters) {
    User user;
    user.name = name;
    user.permissions = letters;
    add_user(std::move(user), password);
}

void Harness::add_user(User user, const std::string& password) {
    if (!user.filesystem) user.filesystem = files;
    [[maybe_unused]] const auto added = users_->add(std::move(user), Password(password));
}

void Harness::build() {
    if (server_) return;
    if (disk_takes) {
        auto disk = std::make_unique<SlowLane>(clock_, metrics_, disk_takes);
        slow_disk_ = disk.get();
        runtime_ = net::Runtime::simulated(clock_, metrics_, std::move(disk));
    } else {
        runtime_ = net::Runtime::simulated(clock_, metrics_, disk_threads);
    }
    limits_ = std::make_unique<Limits>(limits);
    rates_ = std::make_unique<Rates>(rates);
    bans_ = std::make_unique<Bans>(bans);
    UserPtr nobody;
    if (anonymous) nobody = std::make_shared<User>(anonymous_user(files).user);
    commons_.reset(new Commons{.runtime = *runtime_,
                               .log = log_,
                               .metrics = metrics_,
                               .events = bus_,
                               .guards = guards,
                               .limits = *limits_,
                               .rates = *rates_,
                               .ledger = ledger_,
                               .bans = *bans_,
                               .sessions = live_,
                               .authenticators = chain_,
                               .anonymous = nobody,
                               .uploads = uploads,
                               .logins = logins,
                               .names = names});
    server_ = std::make_unique<ftp::Server>(*commons_, network_, settings, hooks);
    door_ = {.tls_required = tls_required_here, .implicit_tls = implicit_tls};
    if (!tls) return;
    std::vector<std::unique_ptr<MemoryFile>> files_of_tls;
    for (const std::string& name : tls_names) {
        files_of_tls.push_back(std::make_unique<MemoryFile>(net::make_self_signed({name}).value()));
        tls_options.certificates.push_back({files_of_tls.back()->path(), {}});
    }
    tls_options.resumption = settings.tls.reuse != TlsReuse::off;
    server_->set_tls(net::TlsContext::load(tls_options).value());
}

ftp::Server& Harness::server() {
    build();
    return *server_;
}

Commons& Harness::commons() {
    build();
    return *commons_;
}

std::unique_ptr<Client> Harness::connect(const net::Address& from, const net::Address& to) {
    build();
    auto [connection, stream] = MemoryNetwork::pair(loop(), from, to, net::Watch::Class::control);
    runtime_->first().connections.fetch_add(1);
    server_->serve(runtime_->first(), std::move(stream), door_);
    run();
    return std::make_unique<Client>(*this, connection);
}

void Harness::run() {
    if (!runtime_) return;
    do {
        loop().run_until_idle();
    } while (slow_disk_ != nullptr && slow_disk_->run(clock_.now()));
}

net::TimePoint Harness::disk_due() const { return slow_disk_ != nullptr ? slow_disk_->due() : net::TimePoint::max(); }

void Harness::finish_disk() {
    while (slow_disk_ != nullptr && slow_disk_->run(net::TimePoint::max())) loop().run_until_idle();
}

void Harness::run_disk() {
    build();
    // What comes back to the loop may ask for more: until a round in which nobody did.
    for (std::int64_t jobs = -1; jobs != metrics_.value(Metric::lane_jobs_total);) {
        run();
        const auto done = std::make_shared<std::promise<void>>();
        runtime_->disk().run_detached(loop(), [done] { done->set_value(); });
        jobs = metrics_.value(Metric::lane_jobs_total);
        done->get_future().wait();
        run();
    }
}

void Harness::wait(std::chrono::nanoseconds span) {
    constexpr std::chrono::nanoseconds step = std::chrono::milliseconds(100);
    run();
    while (span.count() > 0) {
        const auto now = std::min(step, span);
        clock_.advance(now);
        span -= now;
        run();
    }
}

void Harness::put(std::string_view path, std::string_view content) {
    auto file = files->open(Path::resolve(path).value(), OpenMode::for_writing()).value();
    [[maybe_unused]] auto written = file->write_at(0, std::as_bytes(std::span(content)));
    [[maybe_unused]] auto closed = file->close();
}

std::optional<std::string> Harness::content(std::string_view path) {
    auto file = files->open(Path::resolve(path).value(), OpenMode::for_reading());
    if (!file) return std::nullopt;
    std::string text(static_cast<std::size_t>((*file)->stat()->size), '\0');
    const auto got = (*file)->read_at(0, std::as_writable_bytes(std::span(text)));
    text.resize(got.value_or(0));
    [[maybe_unused]] auto closed = (*file)->close();
    return text;
}

bool Harness::exists(std::string_view path) { return files->lstat(Path::resolve(path).value()).has_value(); }

// --- Client

void Client::send(std::string_view bytes) {
    if (tls) {
        tls->send(bytes);
    } else {
        control_->send(bytes);
    }
    harness_.run();
}

// Until neither side has anything more to say.
void Client::pump(TlsClient& client) {
    do {
        harness_.run();
    } while (client.step());
}

bool Client::begin_tls() {
    tls = std::make_unique<TlsClient>(control_, tls_options);
    pump(*tls);
    return tls->established() && !tls->failed();
}

void Client::end_tls() {
    pump(*tls);
    tls->say_end();
    tls.reset();
    harness_.run();
}

void Client::say(std::string_view line) { send(std::string(line) + "\r\n"); }

void Client::take() {
    harness_.run();
    if (tls) {
        pump(*tls);
        pending_ += tls->receive();
        return;
    }
    for (std::string more = control_->receive(); !more.empty(); more = control_->receive()) {
        pending_ += more;
        harness_.run();
    }
}

std::optional<std::string> Client::reply() {
    take();
    std::size_t at = 0;
    std::string wanted;
    for (;;) {
        const std::size_t end = pending_.find("\r\n", at);
        if (end == std::string::npos) return std::nullopt;
        const std::string line = pending_.substr(at, end - at);
        at = end + 2;
        const bool numbered = line.size() >= 4 &&
                              std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
        if (wanted.empty() && numbered && line[3] == '-') {
            wanted = line.substr(0, 3) + " ";
        } else if (wanted.empty() || line.starts_with(wanted)) {
            last_ = pending_.substr(0, end);
            pending_.erase(0, at);
            break;
        }
    }
    if (last_.starts_with("229 ") || last_.starts_with("227 ")) new_port_ = true;
    if (last_.starts_with("229 ")) {
        const auto bars = last_.find("|||");
        data_address_ = control_->server.with_port(static_cast<std::uint16_t>(std::stoi(last_.substr(bars + 3))));
    } else if (last_.starts_with("227 ")) {
        std::array<int, 6> numbers{};
        std::size_t next = last_.find('(');
        for (int& number : numbers) {
            number = std::stoi(last_.substr(next + 1));
            next = last_.find_first_of(",)", next + 1);
        }
        data_address_ = control_->server.with_port(static_cast<std::uint16_t>(numbers[4] * 256 + numbers[5]));
    }
    return last_;
}

int Client::code() {
    const auto text = reply();
    return text ? std::stoi(text->substr(0, 3)) : 0;
}

bool Client::log_in(std::string_view user, std::string_view password) {
    if (last_.empty() && code() != 220) return false;
    return ask("USER " + std::string(user)) == 331 && ask("PASS " + std::string(password)) == 230;
}

ConnectionPtr Client::open_data() { return open_data_from(control_->client.with_port(40001)); }

ConnectionPtr Client::open_data_from(const net::Address& from) {
    received.clear();
    new_port_ = false;
    data = harness_.network().connect(from, data_address_);
    data_tls.reset();
    if (data && protect_data) {
        TlsClientOptions options = tls_options;
        options.resume = resume_data && tls ? tls->session() : nullptr;
        data_tls = std::make_unique<TlsClient>(data, options);
        pump(*data_tls);
    }
    harness_.run();
    return data;
}

bool Client::data_secured() {
    if (!data_tls) return false;
    pump(*data_tls);
    return data_tls->established() && !data_tls->failed();
}

void Client::send_data(std::string_view bytes) {
    if (data_tls) pump(*data_tls);
    data->send(data_tls ? data_tls->sealed(bytes) : std::string(bytes));
}

void Client::end_data() {
    if (data_tls) data_tls->say_end();
    data->end_sending();
    harness_.run();
}

bool Client::data_ended() {
    if (!data) return true;
    harness_.run();
    if (data_tls) {
        pump(*data_tls);
        received += data_tls->receive();
        return data->ended();
    }
    for (std::string more = data->receive(); !more.empty(); more = data->receive()) {
        received += more;
        harness_.run();
    }
    return data->ended();
}

bool Client::closed() {
    take();
    return pending_.empty() && control_->ended();
}

}  // namespace wherry::testing
