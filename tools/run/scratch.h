// A directory on the node for each running test, gone when it ends.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"

namespace pavtest::run {

/// Where all tests of a job have their scratch directories on a node; `node_dir` may be seen by
/// several.
std::string scratch_root(const std::string& node_dir, const std::string& session,
                         const std::string& job_mark, const std::string& node);

/// Makes it, and what it is in, for this user alone. One that is there and not ours
/// is an error.
Result<> make_scratch(const std::string& path);

/// Removes it and what is in it, following no links. A child of ours does what takes time: its
/// pid, or 0.
pid_t remove_scratch(const std::string& path);

}  // namespace pavtest::run
