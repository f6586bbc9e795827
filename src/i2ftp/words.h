#pragma once
// The words of I2FTP 1.0: requests taken apart, replies and listings put together. Pure; the texts are the original's,
// since clients may show or compare them.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "i2ftp/bytes.h"
#include "wherry/path.h"
#include "wherry/result.h"

namespace wherry::i2ftp {

inline constexpr std::string_view greeting = "I2FTP 1.0";
inline constexpr std::size_t id_size = 16;
inline constexpr std::size_t piece = 524128;  // bytes of a file in one message, at most

namespace says {
inline constexpr std::string_view bad_path = "requesting parent directory or using absolute path is not allowed";
inline constexpr std::string_view missing = "path requested does not exist";
inline constexpr std::string_view no_file = "path does not exist or target is a directory";
inline constexpr std::string_view full = "file session full on server";
inline constexpr std::string_view bad_id = "invalid session id quested";
inline constexpr std::string_view read_only_server = "read-only server";
inline constexpr std::string_view read_only_session = "read-only session";
inline constexpr std::string_view calculating = "session is still calculating file's md5 sum";
inline constexpr std::string_view name_exists = "target name already exists";
inline constexpr std::string_view path_exists = "target path already exists";
inline constexpr std::string_view done = "operation succeed";
// Not in the original:
inline constexpr std::string_view denied = "permission denied";
inline constexpr std::string_view wrong_hash = "content does not match the hash, nothing was stored";
inline constexpr std::string_view too_large = "reply too large";
inline constexpr std::string_view stopping = "server is stopping";
}  // namespace says

// A request: four letters, a comma, the rest. nullopt: no comma, so no request.
struct Request {
    std::string_view name;
    View payload;
};
std::optional<Request> parse_request(View message) noexcept;

// What a client may name: not from the root, not upward. The error is the text of the refusal; `missing` is the text
// for names that no file can have.
std::expected<Path, std::string_view> parse_path(std::string_view path, std::string_view missing);

// The file of PULF, and what it must be if the client said so: 32 digits of MD5 or 64 of SHA-256 behind the last comma.
struct UploadTarget {
    std::string_view path;
    std::string hash;  // lower case; empty: none was given
};
UploadTarget parse_upload_target(std::string_view payload);

// id, start, end or data, at fixed places with unchecked bytes between; what is missing counts as nothing.
struct RangeRequest {
    View id;          // may be shorter than an id is
    View start_text;  // as it came: the answer repeats it
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    View data;
};
RangeRequest parse_range(View payload) noexcept;

// FIOP: what to do (any byte), and the paths.
struct FileOperation {
    int code = 0;
    std::vector<std::string_view> paths;
};
std::optional<FileOperation> parse_file_operation(View payload);

// One member of LIST's object: `"name": {"is_dir": false, "size": 11, "time": 1600000000.25}`.
void append_listed(std::string& out, std::string_view name, bool directory, std::uint64_t size, std::int64_t seconds,
                   std::uint32_t nanoseconds);
// As JSON in ASCII; bytes that are not UTF-8 as lone surrogates, which is what clients in Python understand.
void append_json_text(std::string& out, std::string_view text);

// The text of a refusal for an error of the file system; tells nothing of where the files are on the server.
std::string words_for(const Error& error);

}  // namespace wherry::i2ftp
