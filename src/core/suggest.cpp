#include "core/suggest.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace wherry {

namespace {

bool same_letter(char a, char b) { return ascii_lower(a) == ascii_lower(b); }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    a = a.substr(0, max_suggest_length);
    b = b.substr(0, max_suggest_length);
    // Rows of the classic table: before last (for swaps), last, current.
    using Row = std::array<std::size_t, max_suggest_length + 1>;
    Row before{};
    Row last{};
    Row row{};
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = last;
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = same_letter(a[i - 1], b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string_view suggest(std::string_view word, std::span<const std::string_view> known) {
    std::string_view best;
    std::size_t fewest = std::max<std::size_t>(1, std::min(word.size(), max_suggest_length) / 3) + 1;
    for (const std::string_view candidate : known) {
        const std::size_t slips = edit_distance(word, candidate);
        // A word that shares no byte with a short one is not near it, however few its slips.
        if (slips >= fewest || slips >= std::max(word.size(), candidate.size())) continue;
        fewest = slips;
        best = candidate;
    }
    return best;
}

}  // namespace wherry
