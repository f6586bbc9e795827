// Files that are nowhere on a disk: a report for each day of the week, written when somebody reads it.
//
//   ./own_filesystem              then: curl ftp://127.0.0.1:2121/monday.txt
#include <wherry/wherry.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

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

// An open directory hands out its entries in portions, so that a million of them would need no memory.
class ReportListing final : public wherry::Listing {
public:
    wherry::Result<void> next(std::vector<wherry::Entry>& out, std::size_t most) override {
        out.clear();
        for (; at_ < days.size() && out.size() < most; ++at_) {
            const std::string name = std::string(days[at_]) + ".txt";
            const std::string report = report_at(wherry::Path().child(name));
            out.push_back({name, wherry::Stat::file(report.size()), {}});
        }
        return {};
    }

private:
    std::size_t at_ = 0;
};

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
        return std::make_unique<ReportListing>();
    }
    wherry::Result<wherry::FilePtr> open(const wherry::Path& path, const wherry::OpenMode& mode) override {
        if (mode.write) return wherry::fail(wherry::Code::read_only, "reports are written by the house");
        if (path.is_root()) return wherry::fail(wherry::Code::is_directory, path.string());
        std::string report = report_at(path);
        if (report.empty()) return wherry::fail(wherry::Code::not_found, "no report " + path.string());
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
