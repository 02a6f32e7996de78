// What was read of journals that still grow, so that they are read on from where they were left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "session/view.h"

namespace pavtest::session {

struct RememberedJournal {
    std::uint64_t inode = 0;
    std::string text;       // whole lines from the beginning of the file
    std::size_t known = 0;  // how much of it was there before; 0 also where it is another file
};

/// By the file, as records name it.
using RememberedJournals = std::map<std::string, RememberedJournal>;

/// Reads only what was added to journals since; adds it to them.
Result<SessionView> view_session(const SessionDirectory& session, RememberedJournals& journals);

}  // namespace pavtest::session
