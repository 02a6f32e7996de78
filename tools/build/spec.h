// What a build is made from, and when two tests need the same one.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "build/section.h"

namespace pavtest::build {

struct Spec {
    Section section;
    std::string shebang;
    std::optional<std::string> source;  // absolute, of the session's frozen copies
    std::string specificity;
    std::vector<std::string> copy_files;

    /// Whether there is anything to set up or to run at all.
    [[nodiscard]] bool empty() const;
};

/// The build of a resolved test. `source` is its frozen source's absolute path, if any.
Result<Spec> read_spec(const nlohmann::json& config, const std::optional<std::string>& source);

/// Equal for builds with equal content: script, files, source, specificity. Not what only
/// watches over the build (timeout) or belongs to a test's copy of it (copy_files).
std::string identity(const Spec& spec);

}  // namespace pavtest::build
