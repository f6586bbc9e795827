// HASH (draft-bryan-ftpext-hash), MD5 and MMD5 (draft-twine-ftpmd5), XCRC and its like (vendors): checksums.
//
// They run beside the control connection, so that ABOR ends them and STAT tells how far they are.
#include "core/text.h"
#include "ftp/session.h"
#include "ftp/words.h"
#include "vfs/digest.h"

namespace wherry::ftp {
namespace {

net::Task<Result<FileDigest>> digest(Session& session, const Path& path, Hash algorithm, ByteRange range) {
    Work& work = session.begin_work("Computing " + std::string(hash_name(algorithm)) + " of " + path.string());
    return session.workspace().digest(path, algorithm, range, work);
}

void refuse_digest(Session& session, const Error& error) {
    if (error.code == Code::invalid) return session.reply(554, "The file ends before that range");
    session.refuse(error);
}

std::string in_case(const Session& session, const std::string& hex) {
    return session.settings().upper_case_checksums ? upper(hex) : hex;
}

// Numbers behind a path may be part of its name: a file that is called so comes first.
net::Task<Result<Path>> ranged_path(Session& session, RangedPath& words) {
    if (!words.whole.empty()) {
        auto whole = session.resolve(words.whole);
        if (whole && co_await session.workspace().stat(*whole)) {
            words.from = words.to = 0;
            co_return whole;
        }
    }
    co_return session.resolve(words.path);
}

net::Task<void> vendor_checksum(Session& session, std::string_view argument, Hash algorithm, std::string_view name) {
    auto words = parse_ranged_path(argument);
    if (!words) co_return session.reply(501, "Use a path, in quotes if it has blanks, and where to begin and to end");
    const auto path = co_await ranged_path(session, *words);
    if (!path) co_return session.refuse(path.error());
    ByteRange range{.from = words->from};
    if (words->to != 0) range.to = words->to;
    if (range.to < range.from) co_return session.reply(501, "The range ends before it begins");
    const auto result = co_await digest(session, *path, algorithm, range);
    if (!result) co_return refuse_digest(session, result.error());
    const std::string hex = in_case(session, result->hex);
    if (!session.settings().long_checksum_replies) co_return session.reply(250, hex);
    session.reply(Reply(250, "Computing " + std::string(name)).line(hex));
}

}  // namespace

// "213 SHA-256 0-1024 <checksum> path": the second number is behind the last byte.
net::Task<void> hash(Session& session, std::string_view argument) {
    const ByteRange range = session.take_range();
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    const Hash algorithm = session.hash_algorithm;
    const auto result = co_await digest(session, *path, algorithm, range);
    if (!result) co_return refuse_digest(session, result.error());
    std::string text(hash_name(algorithm));
    text.append(" ").append(std::to_string(result->range.from)).append("-").append(std::to_string(result->range.to));
    session.reply(213, text.append(" ").append(result->hex).append(" ").append(argument));
}

net::Task<void> xcrc(Session& session, std::string_view argument) {
    return vendor_checksum(session, argument, Hash::crc32, "XCRC");
}
net::Task<void> xmd5(Session& session, std::string_view argument) {
    return vendor_checksum(session, argument, Hash::md5, "XMD5");
}
net::Task<void> xsha1(Session& session, std::string_view argument) {
    return vendor_checksum(session, argument, Hash::sha1, "XSHA1");
}
net::Task<void> xsha256(Session& session, std::string_view argument) {
    return vendor_checksum(session, argument, Hash::sha256, "XSHA256");
}
net::Task<void> xsha512(Session& session, std::string_view argument) {
    return vendor_checksum(session, argument, Hash::sha512, "XSHA512");
}

net::Task<void> md5(Session& session, std::string_view argument) {
    const auto words =
        argument.starts_with('"') ? split_words(argument) : Result<std::vector<std::string>>({std::string(argument)});
    if (!words || words->size() != 1) co_return session.reply(501, "Use MD5 path, in quotes if you like");
    const auto path = session.resolve(words->front());
    if (!path) co_return session.refuse(path.error());
    const auto result = co_await digest(session, *path, Hash::md5, {});
    if (!result) co_return session.refuse(result.error());
    session.reply(251, one_word(words->front()) + " " + in_case(session, result->hex));
}

// All of them or, if one cannot be read, the reason for that one.
net::Task<void> mmd5(Session& session, std::string_view argument) {
    const auto names = split_list(argument);
    if (!names) co_return session.reply(501, "Use MMD5 path, path ..., in quotes where a path has commas");
    std::string text;
    for (const std::string& name : *names) {
        const auto path = session.resolve(name);
        if (!path) co_return session.refuse(path.error());
        const auto result = co_await digest(session, *path, Hash::md5, {});
        if (!result) co_return session.refuse(result.error());
        text.append(text.empty() ? "" : ", ").append(one_word(name)).append(" ").append(in_case(session, result->hex));
    }
    session.reply(252, text);
}

}  // namespace wherry::ftp
