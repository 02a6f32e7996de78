// pavstat prune and compact: what old sessions take, and less of it.
#pragma once

#include <string>
#include <vector>

#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

enum class Tidy { remove, compact };

struct TidyHow {
    Tidy what = Tidy::remove;
    Timestamp before;  // sessions of which anything is on record since then stay
    bool earnest = false;
};

struct Tidied {
    struct Line {
        const Row* row;
        std::uint64_t files, bytes;  // that it takes
    };
    std::vector<Line> lines;             // the sessions that went, or would
    std::uint64_t files = 0, bytes = 0;  // of all; after compact in earnest: what was won
    std::size_t unfinished = 0;          // old ones that are not over: they stay
    std::vector<std::string> remarks;    // for people: what failed
};

/// "90d", "12h", "4weeks"; a number alone is days.
Result<std::int64_t> parse_age(const std::string& text);

/// Goes through the collected sessions. One goes only if it is over beyond doubt in its journals
/// themselves, read again for that; to be packed, all of its tests have to have passed.
Tidied tidy(const Viewer& viewer, const Collected& collected, const TidyHow& how);

std::string tidied_text(const Tidied& tidied, const TidyHow& how, bool no_header);

}  // namespace pavtest::cmd
