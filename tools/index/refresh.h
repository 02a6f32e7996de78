// Bringing an index up to date with its store: what is finished is read once, ever.
#pragma once

#include <string>
#include <vector>

#include "index/index.h"
#include "session/store.h"

namespace pavtest::index {

struct Scope {
    Timestamp since;                // of the submission; older ones are not looked at
    std::vector<std::string> only;  // if any: these sessions, whatever is known of them
};

struct Refreshed {
    std::size_t read = 0;     // sessions whose files were opened
    std::size_t removed = 0;  // that are not in the store any more
};

/// Reads what is new or has changed in the scope. Sessions that can't be read are noted as
/// broken and tried again each time.
Result<Refreshed> bring_up_to_date(Index& index, const session::Store& store, const Scope& scope,
                                   Timestamp now);

/// The last time that anything is on record of.
Timestamp last_word(const session::SessionView& view);

/// A session read for the index, with what it said, from its open directory.
/// Of the journals only what was added since they were remembered.
Reading read_session(const session::SessionDirectory& directory, Timestamp now,
                     session::RememberedJournals journals = {});
/// The same for what has just been read.
Reading reading_of(const session::SessionDirectory& directory, session::SessionView view,
                   std::string fingerprint, Timestamp now);

}  // namespace pavtest::index
