#pragma once
// UploadTarget: where the bytes of an upload go: to a file, or to a sink of the program's. Both have a single end.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "access/commons.h"
#include "access/transfer.h"
#include "net/task.h"
#include "tftp/upload_claims.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

// A TftpSink as it is used: by one upload, whose calls come one after the other. Belongs to one loop. One that is
// destroyed before its end is discarded on a worker.
class ProgramSink {
public:
    ProgramSink(TftpSink sink, Commons& commons, net::Loop& loop)
        : sink_(std::move(sink)), commons_(commons), loop_(loop) {}
    ~ProgramSink();
    ProgramSink(const ProgramSink&) = delete;
    ProgramSink& operator=(const ProgramSink&) = delete;

    std::optional<std::uint64_t> max_size() const noexcept { return sink_.max_size; }
    net::Task<Result<void>> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    // The end, whatever it answers: what cannot be committed is discarded.
    net::Task<Result<void>> commit();

private:
    TftpSink sink_;
    Commons& commons_;
    net::Loop& loop_;
    bool ended_ = false;
};

// The sink of a program that wants all at once.
TftpSink sink_of(std::function<Result<void>(std::string)> taker);

// Moved only as long as nothing is written. Without a file and a sink: nowhere, or its end has come.
class UploadTarget {
public:
    UploadTarget() = default;
    UploadTarget(TransferPtr transfer, UploadClaims::Claim claim)
        : transfer_(std::move(transfer)), claim_(std::move(claim)) {}
    explicit UploadTarget(std::unique_ptr<ProgramSink> sink) : sink_(std::move(sink)) {}

    explicit operator bool() const noexcept { return transfer_ || sink_; }
    const Transfer* file() const noexcept { return transfer_.get(); }  // null: it is a sink
    // How much may come, of what the settings let in (0: any amount).
    std::uint64_t most_bytes(std::uint64_t settings) const noexcept;

    // Bytes have come; how long to wait before more.
    std::chrono::nanoseconds charge(std::uint64_t bytes, net::TimePoint now) {
        return transfer_ ? transfer_->charge(bytes, now) : std::chrono::nanoseconds(0);
    }
    net::Task<Result<void>> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    // All is written: it is published now, or dropped if that fails.
    net::Task<Result<void>> publish();

    // What has come and is not written yet.
    struct Rest {
        std::uint64_t at = 0;
        std::vector<std::byte> bytes{};
    };
    // The end of one that is not published. The bytes of `rest` are for a file that keeps what came.
    static net::Task<void> drop(UploadTarget target, wherry::Outcome outcome, Rest rest);
    // The end of one that never began.
    static net::Task<void> give_up(UploadTarget target);

private:
    TransferPtr transfer_;
    UploadClaims::Claim claim_;
    std::unique_ptr<ProgramSink> sink_;
};

}  // namespace wherry::tftp
