#include "access/guards.h"

#include <algorithm>
#include <exception>
#include <string>

namespace wherry {

Result<void> Guards::ask(const Action& action) const {
    for (const Entry& entry : guards_) {
        if (entry.index != action.index()) continue;
        try {
            Verdict verdict = entry.guard(action);
            if (verdict.allowed) continue;
            // Without words of its own the refusal is that of a missing permission.
            if (verdict.reason.empty()) return fail(Code::denied, "a guard said no");
            return refuse(Code::denied, std::move(verdict.reason));
        } catch (const std::exception& thrown) {
            return fail(Code::internal, std::string("a guard threw: ") + thrown.what());
        } catch (...) {
            return fail(Code::internal, "a guard threw something that is no std::exception");
        }
    }
    return {};
}

bool Guards::watches(std::size_t index) const noexcept {
    return std::ranges::any_of(guards_, [index](const Entry& entry) { return entry.index == index; });
}

}  // namespace wherry
