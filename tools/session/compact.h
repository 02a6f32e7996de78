// What becomes of old sessions: packed to a handful of files, or removed.
#pragma once

#include <cstdint>
#include <string>

#include "session/store.h"
#include "session/view.h"

namespace pavtest::session {

/// What a tree takes.
struct Footprint {
    std::uint64_t files = 0;  // and directories: inodes
    std::uint64_t bytes = 0;  // on disk
};
Footprint footprint_of(const Directory& directory);

/// Whether there is nothing left to pack.
bool is_compact(const SessionDirectory& session);

/// Whether every test of every job passed or was skipped, and nothing is left to settle.
bool all_passed(const SessionView& view);

/// Packs each of its jobs and its sources to one file each. Readers see the same before, while
/// and afterwards; what was interrupted goes on when it is done again. For sessions that are
/// settled and of which nobody will write any more.
Result<> compact(const SessionDirectory& session);

/// Takes a session out of the store, for readers at once. The month's directory goes with its
/// last session.
Result<> remove_session(const Store& store, const std::string& id);

}  // namespace pavtest::session
