#pragma once
// The event sink that writes the log: one line per event, at level info (commands at debug).
//
//   [7 203.0.113.5:40112] connected ftp
//   [7 alice@203.0.113.5:40112] sent /pub/a.iso bytes=4096 seconds=0.002 cause=ok
//
// Everything a stranger may have chosen (names, paths, commands) goes through for_log() of core/text.h. Where it is not
// the last thing of its line, its blanks are written as \x20 as well: no name can end a line or pretend to be a field
// of it.
#include <functional>
#include <string>

#include "observe/log.h"
#include "wherry/events.h"

namespace wherry {

// `log` must outlive the sink. Runs on the thread that delivers events; thread-safe if that were several. `prefix`,
// where it is given, makes what else is "[7 alice@203.0.113.5:40112]".
std::function<void(const Event&)> log_sink(Log& log, std::function<std::string(const SessionInfo&)> prefix = {});

}  // namespace wherry
