#include "i2ftp/client.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "i2ftp/digest.h"
#include "i2ftp/local_file.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {

net::Task<Result<Client::ConnectionPtr>> Client::dial() {
    return ClientConnection::open(network_, loop_, server_, key_, options_);
}

net::Task<Result<void>> Client::connect() {
    auto connection = co_await dial();
    if (!connection) co_return std::unexpected(std::move(connection.error()));
    control_ = std::move(*connection);
    co_return Result<void>();
}

net::Task<void> Client::close() {
    if (control_) co_await control_->close();
    control_.reset();
}

// --- looking and changing ------------------------------------------------------------------------

net::Task<Result<std::vector<Listed>>> Client::list(std::string path) {
    const auto reply = co_await control_->ask("LIST," + path);
    if (!reply) co_return std::unexpected(reply.error());
    co_return parse_listing(text(reply->payload()));
}

// LIST of a file tells of it; LIST of a directory tells of what is in it. Only its parent tells the two apart, for a
// directory may hold a single entry of its own name.
net::Task<Result<Listed>> Client::stat(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path == ".") co_return Listed{".", true};
    const auto slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    const auto around = co_await list(slash == std::string::npos ? "." : path.substr(0, slash));
    if (!around) co_return std::unexpected(around.error());
    for (const Listed& one : *around) {
        if (one.name == name) co_return one;
    }
    co_return refuse(Code::not_found, std::string(says::missing));
}

net::Task<Result<void>> Client::operate(int code, std::string from, std::string to) {
    if (from.contains(',') || to.contains(',')) {
        co_return refuse(Code::name_not_allowed, "names with a comma cannot be moved, copied, removed or made");
    }
    std::string request = "FIOP,";
    request += static_cast<char>(code);
    request += ',' + from;
    if (!to.empty()) request += ',' + to;
    const auto reply = co_await control_->ask(request);
    if (!reply) co_return std::unexpected(reply.error());
    co_return Result<void>();
}

net::Task<Result<void>> Client::make_directory(std::string path) { return operate(4, std::move(path), {}); }
net::Task<Result<void>> Client::remove(std::string path) { return operate(3, std::move(path), {}); }
net::Task<Result<void>> Client::move(std::string from, std::string to) {
    return operate(1, std::move(from), std::move(to));
}
net::Task<Result<void>> Client::copy(std::string from, std::string to) {
    return operate(2, std::move(from), std::move(to));
}

net::Task<Result<std::uint32_t>> Client::process() {
    const auto reply = co_await control_->ask("PCTL,0");
    if (!reply) co_return std::unexpected(reply.error());
    if (reply->payload().size() != 4) co_return fail(Code::invalid, "the server told no number of a process");
    co_return static_cast<std::uint32_t>(read_le(reply->payload()));
}

// --- for downloads and uploads -------------------------------------------------------------------

net::Task<Result<std::string>> Client::open(std::string_view request) {
    const auto reply = co_await control_->ask(request);
    if (!reply) co_return std::unexpected(reply.error());
    if (reply->payload().size() != id_size) co_return fail(Code::invalid, "the server gave no id for the file");
    co_return std::string(text(reply->payload()));
}

// The MD5 of a file on the server; waits until the server knows it.
net::Task<Result<std::string>> Client::close_download(std::string id) {
    for (auto pause = std::chrono::milliseconds(5);; pause = std::min(pause * 2, std::chrono::milliseconds(500))) {
        const auto reply = co_await control_->ask("CLOZ," + id);
        if (reply) co_return std::string(text(reply->payload()));
        if (reply.error().message != says::calculating) co_return std::unexpected(reply.error());
        co_await loop_.sleep_for(pause);
    }
}

net::Task<Result<std::string>> Client::local_md5(std::string file) {
    co_return co_await disk_.run(loop_, [&]() -> Result<std::string> {
        auto opened = LocalFile::open_to_read(file);
        if (!opened) return std::unexpected(std::move(opened.error()));
        Digest digest(Digest::Kind::md5);
        std::vector<std::byte> buffer(256 * 1024);
        for (std::uint64_t at = 0;;) {
            const auto got = opened->read_at(at, buffer);
            if (!got) return std::unexpected(got.error());
            if (*got == 0) return digest.finish();
            digest.update(view(std::span<const std::byte>(buffer).first(*got)));
            at += *got;
        }
    });
}

}  // namespace wherry::i2ftp
