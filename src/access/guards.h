#pragma once
// Guards: functions of the embedder that may refuse an action before it happens.
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "core/variant_index.h"
#include "wherry/events.h"
#include "wherry/result.h"

namespace wherry {

// Filled before the server starts, then only read: needs no lock.
class Guards {
public:
    template <class Kind>
    void add(std::function<Verdict(const Kind&)> guard) {
        guards_.push_back({[guard = std::move(guard)](const Action& action) { return guard(std::get<Kind>(action)); },
                           index_in<Kind, Action>});
    }
    // Whether anybody wants to be asked: if not, the action need not even be described.
    template <class Kind>
    bool watch() const noexcept {
        return watches(index_in<Kind, Action>);
    }
    // Asks them in the order they were added; the first refusal is the answer (Code::denied with its reason). A guard
    // that throws refuses (Code::internal; its text goes to the log only). Blocks as long as they do: call on a lane.
    Result<void> ask(const Action& action) const;

private:
    bool watches(std::size_t index) const noexcept;
    struct Entry {
        std::function<Verdict(const Action&)> guard;
        std::size_t index;
    };
    std::vector<Entry> guards_;
};

}  // namespace wherry
