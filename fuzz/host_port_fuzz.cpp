// The arguments of PORT and EPRT.
#include "ftp/host_port.h"

#include <string>

#include "fuzz.h"

namespace {

using wherry::Code;
using wherry::fuzz::require;
using namespace wherry::ftp;

void check_port(std::string_view argument) {
    const auto parsed = parse_port(argument);
    if (!parsed) {
        require(parsed.error().code == Code::invalid, "a bad PORT is a 501");
        return;
    }
    require(parsed->family == Family::v4 && parsed->port != 0, "PORT is an IPv4 address and a port");
    for (const char c : argument) require((c >= '0' && c <= '9') || c == ',', "PORT is numbers and commas");
    require(argument.size() <= 23, "six numbers of three digits");
    std::string canonical;
    for (const unsigned byte : parsed->address()) canonical += std::to_string(byte) + ",";
    canonical += std::to_string(parsed->port / 256) + "," + std::to_string(parsed->port % 256);
    const auto again = parse_port(canonical);
    require(again && *again == *parsed, "PORT in its plain form is the same address");
    const auto said = text_227(parsed->address().first<4>(), parsed->port);
    require(said.contains("(" + canonical + ")"), "227 says the numbers in parentheses");
}

void check_eprt(std::string_view argument) {
    const auto parsed = parse_eprt(argument);
    if (!parsed) {
        const Code code = parsed.error().code;
        require(code == Code::invalid || code == Code::unsupported, "a bad EPRT is a 501 or a 522");
        return;
    }
    require(parsed->port != 0, "port 0 is no port");
    require(argument.front() == argument.back(), "EPRT ends with its delimiter");
    const std::string plain = std::string("|") + (parsed->family == Family::v4 ? "1" : "2") + "|" +
                              parsed->address_text() + "|" + std::to_string(parsed->port) + "|";
    const auto again = parse_eprt(plain);
    require(again && *again == *parsed, "EPRT in its plain form is the same address");
    require(text_229(parsed->port).contains("(|||" + std::to_string(parsed->port) + "|)"), "229 says the port");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view argument = wherry::fuzz::text_of(data, size);
    check_port(argument);
    check_eprt(argument);
    return 0;
}
