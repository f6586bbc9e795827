#include "i2ftp/deframer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wherry::i2ftp {
namespace {

constexpr std::size_t sums_at_once = 16;       // frames whose sums are looked at together
constexpr std::size_t believed = 1024 * 1024;  // bytes that are set aside because a header announced them
constexpr Byte data_mark = 'A';
constexpr Byte heartbeat_mark = 'H';

}  // namespace

Deframer::Deframer(View key, std::size_t largest, Tails tails)
    : key_(key.begin(), key.end()), largest_(largest), tails_(tails) {}

std::optional<Received> Deframer::next(View& input) {
    while (ready_.empty() && !input.empty()) {
        if (filled_ < header_size) {
            scan(input);
            if (filled_ == header_size) begin_frame();
        } else {
            take_payload(input);
        }
    }
    if (ready_.empty()) return std::nullopt;
    Received first = std::move(ready_.front());
    ready_.pop_front();
    return first;
}

// Ten bytes from the next one that may begin a frame.
void Deframer::scan(View& input) {
    if (filled_ == 0) {
        const auto begin = std::find_if(input.begin(), input.end(),
                                        [](Byte one) { return one == data_mark || one == heartbeat_mark; });
        input = input.subspan(static_cast<std::size_t>(begin - input.begin()));
    }
    const std::size_t taken = std::min(input.size(), header_size - filled_);
    std::copy_n(input.begin(), taken, bytes_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += taken;
    input = input.subspan(taken);
}

void Deframer::begin_frame() {
    if (bytes_[0] == heartbeat_mark) {
        settle();
        filled_ = 0;
        return tell(Received::Kind::heartbeat);
    }
    header_ = read_header(bytes_);
    if (header_sum(View(bytes_).first(6), key_) != header_.sum) {
        settle();
        forget_message();
        filled_ = 0;
        return tell(Received::Kind::header_sum);
    }
    payload_left_ = header_.size;
    use_ = Use::keep;
    if (active_ && !continues(header_)) settle();
    if (active_ && !continues(header_)) {
        use_ = Use::stray;
        stray_ = Md5();
    } else if (!active_ && dropping_ && header_.id == dropped_id_ && header_.left == dropped_left_) {
        use_ = Use::skip;
    } else if (!active_) {
        start_message(header_);
    }
    if (payload_left_ == 0) end_frame();
}

bool Deframer::continues(const Header& header) const noexcept {
    return header.id == id_ && header.left == announced_ - message_.size();
}

void Deframer::start_message(const Header& header) {
    dropping_ = false;
    if (header.left > largest_) {
        use_ = Use::skip;
        return tell(Received::Kind::too_large);
    }
    active_ = true;
    announced_ = header.left;
    id_ = header.id;
    message_.clear();
    message_.reserve(std::min<std::size_t>(announced_, believed));
}

void Deframer::take_payload(View& input) {
    const View part = input.first(std::min(input.size(), payload_left_));
    if (use_ == Use::keep) append(message_, part);
    if (use_ == Use::stray) stray_.update(part);
    input = input.subspan(part.size());
    payload_left_ -= part.size();
    if (payload_left_ == 0) end_frame();
}

void Deframer::end_frame() {
    filled_ = 0;
    if (use_ == Use::skip) {
        if (dropping_) drop_tail_of(header_);
        return;
    }
    if (use_ == Use::stray) {
        const Md5Sum sum = stray_.finish();
        const bool right = sum[0] == header_.payload_sum[0] && sum[1] == header_.payload_sum[1];
        forget_message();
        return tell(right ? Received::Kind::sequence : Received::Kind::payload_sum);
    }
    unchecked_.push_back({message_.size() - header_.size, header_.size, header_.payload_sum});
    if (message_.size() >= announced_) {
        complete();
    } else if (unchecked_.size() == sums_at_once) {
        settle();
    }
}

void Deframer::complete() {
    settle();
    if (!active_ || message_.size() < announced_) return;
    if (message_.size() > announced_) {
        tell(Received::Kind::overrun);
    } else {
        ready_.push_back({Received::Kind::message, std::move(message_), id_});
    }
    forget_message();
}

// Looks at the sums of the frames so far. After a damaged one the message is lost; what came behind it is dropped or,
// as the original has it, is the beginning of another message.
void Deframer::settle() {
    std::array<View, sums_at_once> payloads;
    std::array<Md5Sum, sums_at_once> sums;
    const std::size_t count = unchecked_.size();
    for (std::size_t i = 0; i < count; ++i) {
        payloads[i] = View(message_).subspan(unchecked_[i].offset, unchecked_[i].size);
    }
    md5_many(std::span(payloads).first(count), sums);
    std::size_t good_from = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (sums[i][0] == unchecked_[i].sum[0] && sums[i][1] == unchecked_[i].sum[1]) continue;
        if (tails_ == Tails::deliver || good_from == 0) tell(Received::Kind::payload_sum);
        good_from = i + 1;
    }
    if (good_from == 0) return unchecked_.clear();
    if (tails_ == Tails::deliver && good_from < count) {
        const std::size_t cut = unchecked_[good_from].offset;
        announced_ -= std::min(announced_, cut);
        message_.erase(message_.begin(), message_.begin() + static_cast<std::ptrdiff_t>(cut));
        return unchecked_.clear();
    }
    if (tails_ == Tails::drop) {
        dropping_ = announced_ > message_.size();
        dropped_id_ = id_;
        dropped_left_ = announced_ - std::min(announced_, message_.size());
    }
    forget_message();
}

void Deframer::drop_tail_of(const Header& header) {
    dropped_left_ -= std::min<std::size_t>(dropped_left_, header.size);
    dropping_ = dropped_left_ > 0;
}

void Deframer::forget_message() {
    active_ = false;
    unchecked_.clear();
    Bytes().swap(message_);
}

}  // namespace wherry::i2ftp
