#pragma once
// The table of requests and the functions behind it. A request is a function in the file of its family (req_*.cpp) and
// a row in requests.cpp.
#include <span>
#include <string_view>

#include "i2ftp/bytes.h"
#include "net/task.h"

namespace wherry::i2ftp {

class Session;

struct Row {
    std::string_view name;  // four letters
    bool changes;           // refused by a read-only server, before anything is looked at
    bool names_a_path;      // the payload is text for the log
    // `payload` lives until the task has ended.
    net::Task<void> (*run)(Session& session, View payload);
};

std::span<const Row> requests();
const Row* find_request(std::string_view name);  // null: unknown, which is not answered at all

net::Task<void> list(Session& session, View payload);           // req_list.cpp
net::Task<void> open_download(Session& session, View payload);  // req_download.cpp: GETF
net::Task<void> read_download(Session& session, View payload);  // DOWN
net::Task<void> open_upload(Session& session, View payload);    // req_upload.cpp: PULF
net::Task<void> write_upload(Session& session, View payload);   // UPLD
net::Task<void> close_file(Session& session, View payload);     // req_close.cpp: CLOZ
net::Task<void> operate(Session& session, View payload);        // req_fileop.cpp: FIOP
net::Task<void> tell_process(Session& session, View payload);   // req_control.cpp: PCTL

}  // namespace wherry::i2ftp
