#include "app/welcome.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "app/process.h"
#include "service/config_check.h"

namespace wherry::app {
namespace {

std::string what_is_served(const ServeOptions& options, const Config& config) {
    const bool named = !options.user.empty();
    const Perm letters = named ? (options.write ? perm::all : perm::read) : config.anonymous.permissions;
    std::string out;
    if (named || !config.anonymous.folder.empty()) {
        out = fmt::format("serving {} to {}, {}", named ? folder_of(options).value_or("") : config.anonymous.folder,
                          named ? "user " + options.user : "everybody", letters.writes() ? "for writing" : "read-only");
    }
    std::string files;
    if (config.users_inline) files += ", " + config.file;
    for (const std::string& file : config.users_files) files += ", " + file;
    if (!files.empty()) out += fmt::format("{}the users of {}", out.empty() ? "serving " : "; and ", files.substr(2));
    return out;
}

// Something to paste: as a client of this machine.
std::string curl_line(const ServeOptions& options, const net::Address& address) {
    const auto here = address.is_unspecified() ? net::Address::loopback(address.port()) : address;
    const std::string user = options.user.empty() ? "" : fmt::format("--user {} ", options.user);
    return fmt::format("try: curl {}ftp://{}/", user, here.text());
}

// Nobody has signed a certificate that a client has no reason to trust: its fingerprint is what can be compared.
std::string tls_lines(const Config& config, const net::TlsContext& tls) {
    const bool required = config.ftp.settings.tls.control == Protection::required;
    const std::string trust = tls.self_signed() ? " --cacert " + config.tls.certificate
                                                : ", and --cacert if curl does not know who has signed it";
    return fmt::format(
        "TLS {}: AUTH TLS on the same port; certificate {}\n"
        "     SHA-256 {}\n"
        "     with curl: --ssl-reqd{}\n",
        required ? "required" : "offered", config.tls.certificate, tls.fingerprint(), trust);
}

std::string i2ftp_line(const net::Address& address, const SharedKey& made) {
    const auto here = address.is_unspecified() ? net::Address::loopback(address.port()) : address;
    const std::string key = made.empty() ? "" : fmt::format("WHERRY_I2FTP_KEY={} ", made.hex());
    return fmt::format("try: {}wherry i2ftp ls i2ftp://{}/", key, here.text());
}

std::string i2ftps_line(const net::Address& address, const SharedKey& made, const net::TlsContext& tls) {
    const auto here = address.is_unspecified() ? net::Address::loopback(address.port()) : address;
    const std::string key = made.empty() ? "" : fmt::format("WHERRY_I2FTP_KEY={} ", made.hex());
    return fmt::format("try: {}wherry i2ftp ls i2ftps://{}/ --fingerprint {}", key, here.text(), tls.fingerprint());
}

}  // namespace

void welcome(const ServeOptions& options, const Config& config, const Service& service, const SharedKey& made) {
    std::string out = version_line() + '\n';
    if (const std::string what = what_is_served(options, config); !what.empty()) out += what + '\n';
    const bool to_try = !options.user.empty() || !config.anonymous.folder.empty();
    if (to_try && !service.addresses().empty()) out += curl_line(options, service.addresses().front()) + '\n';
    if (const auto tls = service.tls(); tls && config.ftp.served()) out += tls_lines(config, *tls);
    for (const net::Address& address : service.i2ftp_addresses()) out += i2ftp_line(address, made) + '\n';
    for (const net::Address& address : service.i2ftp_tls_addresses()) {
        out += i2ftps_line(address, made, *service.tls()) + '\n';
    }
    if (!service.tftp_addresses().empty()) {
        const net::Address& address = service.tftp_addresses().front();
        const auto here = address.is_unspecified() ? net::Address::loopback(address.port()) : address;
        for (const std::string& root : config.tftp.roots) {
            const auto& mode = config.tftp.settings.write.mode;
            out += fmt::format("serving {} by TFTP to everybody, {}\n", root,
                               mode == tftp::WriteMode::off ? "read-only" : "with uploads");
        }
        out += fmt::format("try: curl -O tftp://{}/FILE\n", here.text());
    }
    const auto others = options.user.empty() ? OtherUsers::none : OtherUsers::some;
    for (const std::string& warning : config_warnings(config, others)) out += fmt::format("risk: {}\n", warning);
    for (const std::string& warning : process_warnings(config)) out += fmt::format("risk: {}\n", warning);
    for (const std::string& warning : service.warnings()) out += fmt::format("risk: {}\n", warning);
    if (!options.concurrency.empty()) {
        out += "note: --concurrency is not needed: one event loop per processor serves all clients (see --loops)\n";
    }
    std::fputs(out.c_str(), stderr);
}

}  // namespace wherry::app
