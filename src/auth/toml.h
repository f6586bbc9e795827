#pragma once
// toml++ with the one set of options that this project uses: errors as values, no writing of TOML. Include it instead
// of <toml++/toml.h>, and from source files and private headers only: it takes seconds to compile.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
