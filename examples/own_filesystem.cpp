// Files that are nowhere on a disk: a report for each day of the week, written when somebody reads it.
//
//   ./own_filesystem              then: curl ftp://127.0.0.1:2121/monday.txt
//
// pyftpdlib: AbstractedFS. ftpserverlib: ClientDriver (afero.Fs). Twisted: IFTPShell.
#include <wherry/wherry.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr std::array<std::string_view, 7> days{"monday", "tuesday",  "wednesday", "thursday",
                                               "friday", "saturday", "sunday"};

// The report behind a path; empty: there is none.
std::string report_at(const wherry::Path& path) {
    for (const std::string_view day : days) {
        if (path.text() == "/" + std::string(day) + ".txt") return "On " + std::string(day) + " all was well.\n";
    }
    return {};
}

// Three functions make a filesystem that can be read. Writing answers "not supported" by itself.
class Reports final : public wherry::Filesystem {
public:
    wherry::Result<wherry::Stat> stat(const wherry::Path& path) override {
        if (path.is_root()) return wherry::Stat::directory();
        const std::string report = report_at(path);
        if (report.empty()) return wherry::fail(wherry::Code::not_found, "no report " + path.string());
        return wherry::Stat::file(report.size());
    }
    wherry::Result<wherry::ListingPtr> list(const wherry::Path& path, wherry::Detail) override {
        if (!path.is_root()) return wherry::fail(wherry::Code::not_directory, path.string());
        std::vector<wherry::Entry> all;
        for (const std::string_view day : days) {
            const std::string name = std::string(day) + ".txt";
            const std::string report = report_at(wherry::Path().child(name));
            all.push_back({.name = name, .stat = wherry::Stat::file(report.size())});
        }
        // A directory too large for memory is a Listing of one's own, which hands out its entries in portions.
        return wherry::memory_listing(std::move(all));
    }
    wherry::Result<wherry::FilePtr> open(const wherry::Path& path, const wherry::OpenMode& mode) override {
        if (mode.write) return wherry::fail(wherry::Code::read_only, "reports are written by the house");
        if (path.is_root()) return wherry::fail(wherry::Code::is_directory, path.string());
        std::string report = report_at(path);
        // The text of refuse() is for the client, that of fail() for the log alone. The code decides the reply: quota
        // is 552, name_not_allowed 553, most others are 550.
        if (report.empty()) return wherry::refuse(wherry::Code::not_found, "there is no report of that day");
        return wherry::memory_file(std::move(report));
    }
};

}  // namespace

int main(int count, char** words) {
    wherry::Server server;
    server.users().add_anonymous(std::make_shared<Reports>());
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121");
    server.log_level(wherry::LogLevel::info);
    return server.run();
}
