#pragma once
// Dialogues: conversations with an FTP server as text files, run over the memory network with the manual clock.
//
// A line holds steps, separated by two or more blanks; '#' begins a comment line. Steps:
//   given file PATH "TEXT"      a file that is there from the beginning      given dir PATH
//   given user NAME PASSWORD [LETTERS] [DIR=LETTERS | storage=BYTES | sessions=N | start=DIR | host=NAME ...]
//   given anonymous      given NAME = VALUE (see dialogue_given.cpp, or
//   any key of the configuration, with its value as TOML)
//   as NAME                     logs in as that user (its password is looked up)
//   client ADDRESS              where the next connection comes from        connect    a new control connection
//   back                        to the control connection before this one   operator drain | stop | kill
//   > TEXT                      says a line (CRLF is added)                 >> "TEXT"  sends bytes as they are
//   < CODE [TEXT]               the next reply has that code and holds TEXT          < nothing
//   data < "TEXT"               connects if that has not been done, reads to the end and compares
//   data > "TEXT"               connects, sends it and ends; data send "TEXT" sends without ending
//   data connect | end | reset | window BYTES | closed | refused | from ADDRESS
//   data listen ADDRESS         the client waits there; the next step on data takes the connection that has come
//   data holds "TEXT"           what was read contains it                  data lacks "TEXT"
//   wait TIME                   300s, 5m, 250ms                              closed | open: the control connection
//   file PATH "TEXT"            is now there with that content               no file PATH
//   logged "TEXT"               some log line holds it                       hang up
//   given tls [NAME...]         TLS is offered, with a certificate for each name (localhost)
//   tls | tls fails             begins TLS on the control connection      tls end: takes it off again (CCC)
//   tls version 1.2 | name NAME | offers PROTOCOL...   of what is begun from here on      tls is NAME: the certificate
//   data tls | data tls fresh | data tls off   data connections are protected, and resume the session of the control
//   connection or begin one of their own      data tls fails: its handshake      data cut: ends without close_notify
// In quotes: \r \n \t \0 \\ \" and \xNN.
#include <string>
#include <string_view>

namespace wherry::testing {

// Empty if all went as written, else "line N: step: what was expected and what came".
std::string run_dialogue(std::string_view text);

}  // namespace wherry::testing
