#pragma once
// TlsAuthority: issues certificates to clients, and takes them back.
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace wherry::testing {

class TlsAuthority {
public:
    explicit TlsAuthority(const std::string& name = "Test Authority");
    ~TlsAuthority();
    TlsAuthority(const TlsAuthority&) = delete;
    TlsAuthority& operator=(const TlsAuthority&) = delete;

    const std::string& pem() const noexcept { return pem_; }  // its own certificate
    // Certificate and key. `days` from now until it is out of date; may be negative.
    std::string issue(const std::string& common_name, const std::string& email = {}, int days = 1);
    // The list of the certificates that issue() made at these places (0: the first).
    std::string revocations(const std::vector<long>& issued);

private:
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> certificate_;
    std::string pem_;
    long next_ = 0;
};

}  // namespace wherry::testing
