// A bundle that was prepared before: `pavsuite submit` hands one to sbatch's plugin as the
// request `@/path`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "session/freeze.h"

namespace pavtest::cmd {

/// The path if the requests are one `@/path`, else nothing.
std::optional<std::string> bundle_request(const std::vector<std::string>& requests);

/// Reads a bundle of this user's own making: a private regular file.
Result<session::Bundle> read_bundle(const std::string& path);

}  // namespace pavtest::cmd
