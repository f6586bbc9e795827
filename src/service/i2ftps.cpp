#include "service/i2ftps.h"

namespace wherry {

Config i2ftps_config(const i2ftp::LegacyConfig& legacy) {
    Config config;
    config.ftp.listen.clear();
    config.i2ftp.listen = {net::Address::any_ipv4(legacy.port)};
    config.i2ftp.folder = legacy.root;
    config.i2ftp.settings.secured = legacy.tls;
    config.i2ftp.settings.read_only = legacy.read_only;
    config.i2ftp.settings.process_control = i2ftp::ProcessControl::loopback;
    config.log.file = legacy.log_file;
    config.log.level = legacy.log_level;
    return config;
}

Perm i2ftps_permissions(const i2ftp::LegacyConfig& legacy) { return legacy.read_only ? perm::read : perm::all; }

std::vector<std::string> i2ftps_warnings(const i2ftp::LegacyConfig& legacy) {
    std::vector<std::string> out;
    if (legacy.keychain.is_public()) {
        out.emplace_back("keychain: this key stands in the sources of i2ftps, and everybody has it");
    } else if (legacy.keychain.bytes().size() < SharedKey::weak_below) {
        out.emplace_back("keychain: the key is short; who has recorded one connection can guess it");
    }
    out.emplace_back(legacy.tls ? "tls: this is the cipher of I2FTP and no TLS; it hides little from who can listen"
                                : "whoever can listen can read the files on their way");
    return out;
}

}  // namespace wherry
