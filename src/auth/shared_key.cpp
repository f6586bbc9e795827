#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "auth/sodium.h"
#include "core/text.h"
#include "wherry/i2ftp.h"

namespace wherry {
namespace {

// Of i2ftps, from its sources.
constexpr std::string_view public_key_hex =
    "263930255d3e5f5f41646649324654502446255f2b40245e3a6142617369634b6579255f2b402d245e3a3e";

void wipe(std::string& bytes) noexcept {
    if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
    bytes.clear();
}

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const noexcept { return number_; }

private:
    int number_;
};

}  // namespace

SharedKey::SharedKey(std::string bytes) : bytes_(std::move(bytes)) { wipe(bytes); }

SharedKey::SharedKey(SharedKey&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }

SharedKey& SharedKey::operator=(const SharedKey& other) {
    if (this != &other) *this = SharedKey(other);
    return *this;
}

SharedKey& SharedKey::operator=(SharedKey&& other) noexcept {
    if (this == &other) return *this;
    wipe(bytes_);
    bytes_ = std::move(other.bytes_);
    wipe(other.bytes_);
    return *this;
}

SharedKey::~SharedKey() { wipe(bytes_); }

Result<SharedKey> SharedKey::from_hex(std::string_view digits) {
    digits = trim(digits);
    if (digits.empty()) return fail(Code::invalid, "the key is empty");
    if (digits.size() > 2 * max_size) {
        return fail(Code::invalid, "the key is longer than " + std::to_string(max_size) + " bytes");
    }
    std::string bytes(digits.size() / 2, '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    const int done = sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), digits.data(),
                                    digits.size(), nullptr, &size, &end);
    if (done != 0 || end != digits.data() + digits.size()) {
        wipe(bytes);
        return fail(Code::invalid, "the key is not made of pairs of hexadecimal digits");
    }
    return SharedKey(std::move(bytes));
}

Result<SharedKey> SharedKey::from_file(const std::string& file) {
    constexpr std::string_view doing = "reading the key";
    const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (opened.number() < 0) return fail_errno(errno, doing, file);
    struct stat stat{};
    if (fstat(opened.number(), &stat) != 0) return fail_errno(errno, doing, file);
    if ((stat.st_mode & S_IROTH) != 0) {
        return fail(Code::denied,
                    "the key " + file + " can be read by everybody on this machine; run: chmod o-r " + file);
    }
    std::array<char, 2 * max_size + 64> text{};
    const ssize_t got = read(opened.number(), text.data(), text.size());
    if (got < 0) return fail_errno(errno, doing, file);
    auto key = from_hex({text.data(), static_cast<std::size_t>(got)});
    sodium_memzero(text.data(), text.size());
    if (!key) key.error().message = std::string(doing) + " " + file + ": " + key.error().message;
    return key;
}

SharedKey SharedKey::random(std::size_t size) {
    if (!sodium_ready()) throw std::runtime_error("libsodium: no random bytes are to be had");
    std::string bytes(size, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return SharedKey(std::move(bytes));
}

std::string SharedKey::hex() const {
    std::string out(bytes_.size() * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    out.pop_back();
    return out;
}

bool SharedKey::is_public() const noexcept {
    static const std::string bytes(from_hex(public_key_hex)->bytes());
    return bytes_ == bytes;
}

}  // namespace wherry
