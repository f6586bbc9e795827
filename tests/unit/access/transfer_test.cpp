#include "access/transfer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/temp_folder.h"
#include "unit/access/transfer_fixture.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;
using testing::at;
using ::testing::ElementsAre;
using testing::numbers;
using testing::stall;
using testing::TransferTest;

// --- downloads -----------------------------------------------------------------------------------

TEST_F(TransferTest, SendsAFileAndTellsOnce) {
    const std::string content = numbers(100'000);
    harness.put("/file", content);
    download("/file");
    send();
    EXPECT_EQ(taken(), content);
    ASSERT_TRUE(outcome && outcome->complete());
    EXPECT_TRUE(finish());
    transfer.reset();
    expect_ended(Metric::downloads_total, Code::ok);
    EXPECT_EQ(metric(Metric::bytes_sent_total), static_cast<std::int64_t>(content.size()));
    EXPECT_EQ(faulty->open_files(), 0U);
}

TEST_F(TransferTest, SendsTheRestFromAnOffset) {
    harness.put("/file", "0123456789");
    download("/file", 7);
    send();
    EXPECT_EQ(taken(), "789");
    EXPECT_TRUE(finish());
    EXPECT_EQ(told<event::Sent>().at(0).offset, 7U);
    EXPECT_EQ(told<event::Sent>().at(0).bytes, 3U);
}

TEST_F(TransferTest, SendsTextWithTheLineEndsOfTheWire) {
    const std::string content = numbers(60'000);
    harness.put("/file", content);
    download("/file");
    send(Encoding::ascii);
    std::string expected;
    for (const char c : content) expected += c == '\n' ? "\r\n" : std::string(1, c);
    EXPECT_EQ(taken(), expected);
    EXPECT_TRUE(finish());
    EXPECT_EQ(transfer->moved(), expected.size());
}

TEST_F(TransferTest, AClientThatReadsNothingIsGivenUp) {
    harness.put("/file", std::string(1'000'000, 'x'));
    download("/file");
    client->window = 1000;
    send();
    harness.wait(29s);
    EXPECT_FALSE(outcome);
    EXPECT_EQ(client->receive().size(), 1000U);
    harness.wait(29s);
    EXPECT_FALSE(outcome);  // some bytes have moved meanwhile
    harness.wait(2s);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, Code::timeout);
    EXPECT_EQ(outcome->side, Outcome::Side::network);
    EXPECT_EQ(finish().error().code, Code::timeout);
    expect_ended(Metric::downloads_total, Code::timeout);
}

TEST_F(TransferTest, AnAbortEndsItWithItsCause) {
    harness.put("/file", std::string(1'000'000, 'x'));
    download("/file");
    client->window = 1000;
    send();
    stream->abort(Code::killed);
    harness.run();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, Code::killed);
    EXPECT_EQ(finish().error().code, Code::killed);
    expect_ended(Metric::downloads_total, Code::killed);
}

TEST_F(TransferTest, ABrokenConnectionIsTheNetworksFault) {
    harness.put("/file", std::string(1'000'000, 'x'));
    download("/file");
    client->window = 1000;
    send();
    client->reset();
    harness.run();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, Code::reset);
    EXPECT_EQ(outcome->side, Outcome::Side::network);
    EXPECT_EQ(finish().error().code, Code::reset);
}

TEST_F(TransferTest, ABrokenDiskIsTheFilesFault) {
    harness.put("/file", "content");
    download("/file");
    faulty->fail_at(0, Code::io);
    send();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, Code::io);
    EXPECT_EQ(outcome->side, Outcome::Side::file);
    EXPECT_FALSE(finish());
    expect_ended(Metric::downloads_total, Code::io);
}

TEST_F(TransferTest, IsPacedByItsThrottle) {
    harness.rates.session_download = 100'000;
    harness.put("/file", std::string(1'000'000, 'x'));
    download("/file");
    client->window = 2'000'000;  // so that only the throttle holds it back
    send();
    std::size_t got = taken().size();
    EXPECT_LT(got, 200'000U);
    harness.wait(5s);
    got += taken().size();
    EXPECT_GT(got, 300'000U);
    EXPECT_LT(got, 700'000U);
    EXPECT_FALSE(outcome);
    harness.wait(6s);
    got += taken().size();
    EXPECT_EQ(got, 1'000'000U);
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(finish());
}

TEST_F(TransferTest, AnAbortEndsAPauseOfTheThrottle) {
    harness.rates.session_download = 1000;
    harness.put("/file", std::string(1'000'000, 'x'));
    download("/file");
    send();
    EXPECT_FALSE(outcome);
    stream->abort(Code::aborted);
    harness.run();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, Code::aborted);
}

// --- the kernel's way ----------------------------------------------------------------------------

// Like a socket to the transfer: takes bytes from a descriptor, some at a time.
class KernelStream final : public net::Stream {
public:
    KernelStream(net::Loop& loop, int raw) : Stream(loop, -1, net::Watch::Class::bulk), raw_(raw) {}
    net::Io try_read(std::span<std::byte>) override { return net::Io::moved(0); }
    net::Io try_write(std::span<const std::byte> from) override {
        ++copies;
        got.append(reinterpret_cast<const char*>(from.data()), from.size());
        return net::Io::moved(from.size());
    }
    net::Io try_send_file(int file, std::uint64_t offset, std::size_t bytes) override {
        if (unsupported) return net::Io::failed(Code::unsupported);
        if (cause() != Code::ok) return net::Io::failed(cause());
        if (++calls % 3 == 0) {
            wake_writer();
            return net::Io::wait_for(net::Io::Needs::write);
        }
        std::string part(std::min(bytes, std::size_t{70'000}), '\0');
        const ssize_t count = pread(file, part.data(), part.size(), static_cast<off_t>(offset));
        if (count < 0) return net::Io::failed(Code::io);
        got.append(part, 0, static_cast<std::size_t>(count));
        return net::Io::moved(static_cast<std::size_t>(count));
    }
    int raw_descriptor() const noexcept override { return raw_; }
    net::Address local() const override { return {}; }
    void wake_writer() { watch_.signal(false, true); }

    std::string got;
    int calls = 0;
    int copies = 0;
    bool unsupported = false;

private:
    int raw_;
};

class KernelTransfer : public TransferTest, public ::testing::WithParamInterface<int> {
protected:
    KernelTransfer() {
        content = numbers(200'000);
        folder.write("file", content);
        user.filesystem = posix_filesystem(folder.path()).value();
        harness.commons();
        kernel = std::make_unique<KernelStream>(harness.loop(), GetParam());
    }
    void send_by_kernel(Encoding encoding = Encoding::image) {
        start(transfer->send_to(*kernel, encoding, stall));
        ASSERT_TRUE(outcome);
    }
    testing::TempFolder folder;
    std::string content;
    std::unique_ptr<KernelStream> kernel;
};
INSTANTIATE_TEST_SUITE_P(RawDescriptor, KernelTransfer, ::testing::Values(-1, 1'000'000));

TEST_P(KernelTransfer, SendsWithoutCopying) {
    download("/file");
    send_by_kernel();
    EXPECT_TRUE(outcome->complete());
    EXPECT_EQ(kernel->got, content);
    EXPECT_EQ(kernel->copies, 0);
    EXPECT_TRUE(finish());
    expect_ended(Metric::downloads_total, Code::ok);
}

// Where the file is not in memory, a worker brings it there first; the bytes are the same.
TEST_P(KernelTransfer, SendsWhatIsNotInMemory) {
    download("/file", 5);
    const std::string real = folder.path() + "/file";
    const int file = open(real.c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    fsync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
    send_by_kernel();
    EXPECT_TRUE(outcome->complete());
    EXPECT_EQ(kernel->got, content.substr(5));
    EXPECT_TRUE(finish());
}

TEST_P(KernelTransfer, CopiesWhereTheStreamCannot) {
    kernel->unsupported = true;
    download("/file");
    send_by_kernel();
    EXPECT_TRUE(outcome->complete());
    EXPECT_EQ(kernel->got, content);
    EXPECT_GT(kernel->copies, 0);
    EXPECT_TRUE(finish());
}

TEST_P(KernelTransfer, CopiesText) {
    download("/file");
    send_by_kernel(Encoding::ascii);
    EXPECT_EQ(kernel->calls, 0);
    EXPECT_EQ(kernel->got.size(), content.size() + 200'000);
    EXPECT_TRUE(finish());
}

TEST_P(KernelTransfer, AFileThatHasBecomeShorterIsAnErrorOfTheFile) {
    download("/file");
    ASSERT_EQ(truncate((folder.path() + "/file").c_str(), 100), 0);
    send_by_kernel();
    EXPECT_EQ(outcome->cause, Code::io);
    EXPECT_EQ(outcome->side, Outcome::Side::file);
    EXPECT_FALSE(finish());
}

// --- the one end ---------------------------------------------------------------------------------

TEST_F(TransferTest, DestroyedUnfinishedItWasAbortedAndItsFileIsDropped) {
    harness.put("/file", "old");
    harness.uploads.atomic = true;
    upload("/file");
    receive();
    client->send("half");
    harness.run();
    stream->abort(Code::killed);
    harness.run();
    transfer.reset();
    harness.run();
    EXPECT_EQ(harness.content("/file"), "old");
    EXPECT_EQ(faulty->open_files(), 0U);
    expect_ended(Metric::uploads_total, Code::aborted);
}

TEST_F(TransferTest, AFinishedOneIsToldOnce) {
    harness.put("/file", "content");
    harness.limits.transfers = 1;
    download("/file");
    send();
    EXPECT_TRUE(finish());
    transfer.reset();
    harness.run();
    expect_ended(Metric::downloads_total, Code::ok);
}

// A file that writes down what it is told.
class Witness final : public File {
public:
    explicit Witness(std::vector<std::string>& said) : said_(said) {}
    ~Witness() override { said_.emplace_back("gone"); }
    Result<Stat> stat() override { return Stat::file(0); }
    Result<void> write_at(std::uint64_t, std::span<const std::byte>) override { return {}; }
    void failed(Code cause) override { said_.push_back("failed: " + std::string(name_of(cause))); }
    Result<void> close() override {
        said_.emplace_back("close");
        return {};
    }

private:
    std::vector<std::string>& said_;
};
class WitnessFilesystem final : public Filesystem {
public:
    Result<Stat> stat(const Path&) override { return fail(Code::not_found); }
    Result<ListingPtr> list(const Path&, Detail) override { return fail(Code::unsupported); }
    Result<FilePtr> open(const Path&, const OpenMode&) override { return std::make_unique<Witness>(said); }
    std::vector<std::string> said;
};

TEST_F(TransferTest, TheFileHearsOfAFailureBeforeItIsClosed) {
    auto witness = std::make_shared<WitnessFilesystem>();
    user.filesystem = witness;
    upload("/file");
    EXPECT_FALSE(run(transfer->finish(Outcome::network(Code::reset))));
    EXPECT_THAT(witness->said, ElementsAre("failed: " + std::string(name_of(Code::reset)), "close", "gone"));
    witness->said.clear();
    upload("/file");
    transfer.reset();
    harness.run();
    EXPECT_THAT(witness->said, ElementsAre("failed: " + std::string(name_of(Code::aborted)), "close", "gone"));
    witness->said.clear();
    upload("/file");
    EXPECT_TRUE(run(transfer->finish(Outcome())));
    EXPECT_THAT(witness->said, ElementsAre("close", "gone"));
}

// --- ranges --------------------------------------------------------------------------------------

TEST_F(TransferTest, RangesAreReadAndWrittenInAnyOrder) {
    upload("/file");
    const auto bytes = [](std::string_view text) { return std::as_bytes(std::span(text)); };
    EXPECT_TRUE(run(transfer->write_at(4, bytes("4567"))));
    EXPECT_TRUE(run(transfer->write_at(0, bytes("0123"))));
    EXPECT_EQ(transfer->moved(), 8U);
    EXPECT_TRUE(run(transfer->finish(Outcome())));
    EXPECT_EQ(harness.content("/file"), "01234567");

    download("/file");
    std::string into(4, '\0');
    EXPECT_EQ(run(transfer->read_at(6, std::as_writable_bytes(std::span(into)))).value(), 2U);
    EXPECT_EQ(into.substr(0, 2), "67");
    EXPECT_EQ(run(transfer->read_at(8, std::as_writable_bytes(std::span(into)))).value(), 0U);
}

// It asked the limit of the whole server alone, and so a continued upload passed those of its user.
TEST_F(TransferTest, AnUploadThatGoesOnCountsForItsUserAgain) {
    harness.limits.transfers_per_user = 1;
    const User alice{.name = "alice"};
    upload("/resting");
    TransferPtr resting = std::move(transfer);
    resting->rest();
    upload("/other");
    EXPECT_EQ(resting->go_on(alice, "192.0.2.9").error().code, Code::busy);
    outcome = Outcome::network(Code::aborted);
    EXPECT_FALSE(finish());
    EXPECT_TRUE(resting->go_on(alice, "192.0.2.9"));
    EXPECT_FALSE(run(resting->finish(Outcome::network(Code::aborted))));
}

}  // namespace
}  // namespace wherry
