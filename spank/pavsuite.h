// Running pavsuite, as the user, from sbatch and salloc. See docs/formats.md.
#pragma once

#include "child.h"
#include "choice.h"
#include "descriptor.h"

namespace pavtest::spank {

/// Set for what the plugin starts: an sbatch in there leaves everything alone, so
/// that nothing runs in circles.
inline constexpr const char* guard_variable = "PAVTEST_IN_PLUGIN";

enum class Script { generated, own, allocation };

/// What `pavsuite render` answered. Files without content where it failed.
struct Rendering {
    bool ok = false;
    Descriptor script;
    Descriptor bundle;
    Descriptor messages;
};

Rendering render(const char* pavsuite, const Choice& choice);

struct Session {
    Text<12> id;
    Text<1024> store;
};

struct Freezing {
    enum class Outcome {
        done,
        bad_request,  // the user's to put right
        failed        // the store, or pavsuite itself
    };
    Outcome outcome = Outcome::failed;
    Session session;
    Descriptor messages;
};

/// From the bundle of a rendering, or if that is not valid by resolving the choice.
Freezing freeze(const char* pavsuite, const Descriptor& bundle, const Choice& choice,
                Script script);

/// Records how the submission ended: 0, or the exit status of a refused one.
void record_submission(const char* pavsuite, const Session& session, int exit_status);

}  // namespace pavtest::spank
