#pragma once
// What `wherry serve` tells the one who has started it, on standard error: what is served, to whom, how to look at it,
// and what is risky.
#include "app/serve_options.h"
#include "service/service.h"

namespace wherry::app {

void welcome(const ServeOptions& options, const Config& config, const Service& service);

}  // namespace wherry::app
