#pragma once
// Client: files on an I2FTP server: looking, moving, downloads and uploads with resuming, several connections for one
// file, and the check that both sides have the same bytes in the end. Works with i2ftps and with Wherry.
//
// Belongs to one loop; local files are read and written by workers. Errors have a message for the user's eyes.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "i2ftp/client_connection.h"
#include "net/lane.h"
#include "net/task.h"

namespace wherry::i2ftp {

struct Listed {
    std::string name;
    bool directory = false;
    std::uint64_t size = 0;
    double time = 0;  // seconds since 1970
};

struct MoveOptions {
    unsigned connections = 1;  // for the one file
    bool resume = true;        // go on with what an earlier attempt has left
    bool verify = true;        // compare MD5 at the end
    // How many bytes of how many are there; on the loop.
    std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct Moved {
    std::uint64_t size = 0;
    std::uint64_t resumed_at = 0;
    std::string md5;  // empty: it was not compared
};

class Client {
public:
    // `disk` reads and writes local files and computes their sums.
    Client(net::Network& network, net::Loop& loop, net::Lane& disk, net::Address server, SharedKey key,
           ConnectOptions options = {})
        : network_(network), loop_(loop), disk_(disk), server_(server), key_(std::move(key)), options_(options) {}

    // First, and once; close() last.
    net::Task<Result<void>> connect();
    net::Task<void> close();
    bool secured() const noexcept { return control_->secured(); }

    // Paths as the server takes them: relative to its root, "." is the root itself. Entries sorted by name.
    net::Task<Result<std::vector<Listed>>> list(std::string path);
    net::Task<Result<Listed>> stat(std::string path);
    net::Task<Result<void>> make_directory(std::string path);
    net::Task<Result<void>> remove(std::string path);  // a file, or a tree
    net::Task<Result<void>> move(std::string from, std::string to);
    net::Task<Result<void>> copy(std::string from, std::string to);

    // Into `local`, by way of `local`.part, which stays for the next attempt if this one fails.
    net::Task<Result<Moved>> download(std::string path, std::string local, MoveOptions options);
    net::Task<Result<Moved>> upload(std::string local, std::string path, MoveOptions options);
    // The number of the server's process, where it tells.
    net::Task<Result<std::uint32_t>> process();

private:
    struct Download;
    struct Upload;
    using ConnectionPtr = std::unique_ptr<ClientConnection>;

    net::Task<Result<ConnectionPtr>> dial();
    net::Task<Result<void>> operate(int code, std::string from, std::string to);
    net::Task<Result<std::string>> open(std::string_view request);
    net::Task<Result<std::string>> close_download(std::string id);
    net::Task<Result<std::string>> local_md5(std::string file);
    net::Task<Result<Moved>> download_once(const std::string& path, const std::string& local,
                                           const MoveOptions& options, bool& differs);
    net::Task<Result<Moved>> upload_once(const std::string& local, const std::string& path, const MoveOptions& options,
                                         bool& differs);
    net::Task<void> fetch(Download& download, ClientConnection* connection);
    net::Task<void> fetch_by_own(Download& download);
    net::Task<void> put(Upload& upload, ClientConnection* connection);
    net::Task<void> put_by_own(Upload& upload);
    net::Task<Result<std::uint64_t>> begin_upload(Upload& upload, const std::string& path, bool resume);

    net::Network& network_;
    net::Loop& loop_;
    net::Lane& disk_;
    const net::Address server_;
    const SharedKey key_;
    const ConnectOptions options_;
    ConnectionPtr control_;
};

// The object that LIST answers. Code::invalid if it is none.
Result<std::vector<Listed>> parse_listing(std::string_view json);

}  // namespace wherry::i2ftp
