// What a build is made from, and when two tests need the same one.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "build/section.h"
#include "build/unpack.h"
#include "session/plan.h"

namespace pavtest::build {

/// A file or tree of the session's frozen copies.
struct Input {
    std::string path;    // absolute
    std::string target;  // its place in the build; of the source: its name
    std::string digest;  // of its content; empty if that was not noted at submission
};

struct Spec {
    Section section;
    std::string shebang;
    std::optional<Input> source;
    std::vector<Input> extra_files;
    std::string specificity;
    std::vector<std::string> copy_files;
    nlohmann::json spack;   // the test's section of that name; null if it does not use Spack
    bool on_nodes = false;  // each node of the test has a build of its own
    UnpackLimits limits;    // of an archive

    /// Whether there is anything to set up or to run at all.
    [[nodiscard]] bool empty() const;
};

/// The build of a resolved test; `session` is the directory in which its files are frozen.
Result<Spec> read_spec(const session::PlannedTest& test, const std::string& session);

/// Equal for builds with equal content, whoever makes them and wherever their files lie: SHA-256
/// over script, specificity, source, extra files and created files, which templates are. Not what
/// only watches over the build (timeout) or belongs to a test's copy of it (copy_files).
Result<std::string> identity(const Spec& spec, Digests& digests);
/// The same for a node that has a build of its own.
std::string identity_on(const std::string& identity, const std::string& node);

/// Whether the build has strings that only the node knows.
bool waits_for_node(const session::PlannedTest& test);

}  // namespace pavtest::build
