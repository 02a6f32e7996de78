// The environment of a build that uses Spack.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pavtest::build {

/// The text of spack.yaml: packages go below the build's directory; jobs, mirrors, repositories
/// and upstreams are those of the test's `spack` section.
std::string spack_environment(const nlohmann::json& section, const std::string& directory);

}  // namespace pavtest::build
