#include "i2ftp/replay_guard.h"

namespace wherry::i2ftp {

void ReplayGuard::forget_old(net::TimePoint now) {
    while (!answers_by_age_.empty() &&
           (answers_by_age_.size() > most_answers || answers_by_age_.front().first + answer_life < now)) {
        answers_.erase(answers_by_age_.front().second);
        answers_by_age_.pop_front();
    }
    while (!broken_by_age_.empty() &&
           (broken_by_age_.size() > most_addresses || broken_by_age_.front().first + address_life < now)) {
        broken_.erase(broken_by_age_.front().second);
        broken_by_age_.pop_front();
    }
}

bool ReplayGuard::accept(const Token64& answer, net::TimePoint now) {
    const std::lock_guard lock(mutex_);
    forget_old(now);
    if (!answers_.insert(answer).second) return false;
    answers_by_age_.emplace_back(now, answer);
    return true;
}

bool ReplayGuard::admit(const Token16& token, const std::string& address, net::TimePoint now) {
    const std::lock_guard lock(mutex_);
    forget_old(now);
    const auto found = broken_.find({address, token});
    return found == broken_.end() || found->second < most_broken;
}

void ReplayGuard::broken(const Token16& token, const std::string& address, net::TimePoint now) {
    const std::lock_guard lock(mutex_);
    forget_old(now);
    Beginning beginning(address, token);
    if (broken_[beginning]++ == 0) broken_by_age_.emplace_back(now, std::move(beginning));
}

}  // namespace wherry::i2ftp
