#pragma once

#include <string>
#include <string_view>

namespace wherry::bench {

/// Writes one JSON object, on one line, in the order of the calls.
class Json {
public:
    void number(std::string_view key, double value);
    void text(std::string_view key, std::string_view value);
    void flag(std::string_view key, bool value);
    void open(std::string_view key);
    void close();

    /// The finished object. Everything opened must be closed.
    std::string take();

private:
    void key(std::string_view name);
    void quoted(std::string_view text);

    std::string out_ = "{";
};

}  // namespace wherry::bench
