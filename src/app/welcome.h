#pragma once
// What `wherry serve` tells the one who has started it, on standard error: what is served, to whom, how to look at it,
// and what is risky.
#include "app/serve_options.h"
#include "service/service.h"

namespace wherry::app {

// `made`: an I2FTP key that nobody has named and that nobody can know, unless it is told here; empty: there is none.
void welcome(const ServeOptions& options, const Config& config, const Service& service, const SharedKey& made);

}  // namespace wherry::app
