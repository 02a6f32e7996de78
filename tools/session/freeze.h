// Freezing: what was resolved becomes a session on disk that no later edit changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/settings.h"
#include "base/time.h"
#include "session/plan.h"
#include "session/store.h"
#include "suite/resolve.h"

namespace pavtest::session {

/// A session before it is on disk, as `pavsuite render` hands it to `pavsuite freeze`.
struct Bundle {
    Header header;
    Plan plan;          // `source` of a test is still an absolute path
    std::string store;  // absolute
};

std::string to_json(const Bundle& bundle);
Result<Bundle> bundle_from_json(std::string_view text);

/// The plan of resolved tests. Sources of builds are looked up where Pavilion looks: the
/// suite's own directory, then test_src/ of the configuration directories. A missing one is
/// an error that names the places.
Result<Plan> plan_of(const suite::Resolution& resolution,
                     const std::vector<suite::ConfigDirectory>& directories, const std::string& id);

/// Makes the store if it is missing and the session in it, copies the sources of builds
/// into it, and records CREATED and SCHEDULED. `host` is the submitting host's name.
Result<SessionDirectory> freeze(const Bundle& bundle, const Settings& settings, const Clock& clock,
                                const std::string& host);

/// Records how the submission ended: accepted by Slurm (0), or refused.
Result<> record_submission(const SessionDirectory& session, int exit_status, const Clock& clock,
                           const std::string& host);

}  // namespace pavtest::session
