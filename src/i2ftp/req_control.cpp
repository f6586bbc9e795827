// PCTL: the number of the server's process.
#include "i2ftp/requests.h"
#include "i2ftp/session.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {

net::Task<void> tell_process(Session& session, View) {
    const ProcessControl allowed = session.settings().process_control;
    const bool may =
        allowed == ProcessControl::everybody || (allowed == ProcessControl::loopback && session.peer().is_loopback());
    if (!may) co_return session.refuse(says::denied);
    const std::uint32_t process = session.server().process();
    Bytes answer;
    for (int i = 0; i < 4; ++i) answer.push_back(static_cast<Byte>(process >> (8 * i)));
    session.done(View(answer));
}

}  // namespace wherry::i2ftp
