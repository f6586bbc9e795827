// Users from a place of your own: here a table, as it could be the rows of a database. Each has a tree in memory.
//
//   ./own_authenticator           then: curl --user ann:apples -T some.file ftp://127.0.0.1:2121/
//
// pyftpdlib: a subclass of DummyAuthorizer with its own validate_authentication. ftpserverlib: MainDriver.AuthUser.
// Twisted: a checker and a realm.
#include <wherry/wherry.h>

#include <map>
#include <mutex>
#include <string>

namespace {

// Called on worker threads, several at once, so it may block (a query, an HTTP call) and guards its own state.
class TableOfUsers final : public wherry::Authenticator {
public:
    wherry::Result<wherry::UserPtr> authenticate(const wherry::Login& login) override {
        const std::lock_guard lock(mutex_);
        const auto row = rows_.find(login.name);
        // Not ours: the next authenticator is asked, or the login fails. A client cannot tell the two refusals apart.
        if (row == rows_.end()) return wherry::fail(wherry::Code::not_mine, "not in the table");
        if (!login.password.matches(row->second.password)) return wherry::fail(wherry::Code::denied, "wrong password");
        wherry::User user;
        user.name = login.name;
        user.filesystem = row->second.files;
        user.permissions = row->second.may;
        user.limits.sessions = 4;
        user.login_message = "Welcome, " + login.name + ".";
        return std::make_shared<const wherry::User>(std::move(user));
    }

private:
    struct Row {
        wherry::Password password;
        wherry::Perm may;
        wherry::FilesystemPtr files = wherry::memory_filesystem();
    };
    std::mutex mutex_;
    std::map<std::string, Row> rows_{{"ann", {wherry::Password("apples"), wherry::perm::all}},
                                     {"bob", {wherry::Password("pears"), wherry::perm::read}}};
};

}  // namespace

int main(int count, char** words) {
    wherry::Server server;
    server.authenticators().add(std::make_shared<TableOfUsers>());
    server.ftp().listen(count > 1 ? words[1] : "127.0.0.1:2121");
    server.log_level(wherry::LogLevel::info);
    return server.run();
}
