// The directory on a node's own disk, below which builds and scratch are.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/error.h"
#include "base/file.h"

namespace pavtest::run {

/// Ours or root's and, if others may write there, with the sticky bit, as /tmp has it: what we put
/// there stays.
bool is_safe_place(const struct stat& directory);

/// Makes it where it is missing. An error if it is no safe place.
Result<Directory> open_node_dir(const std::string& path);
/// A directory in it that is ours alone; made where it is missing.
Result<Directory> open_own(const Directory& parent, const std::string& name);

}  // namespace pavtest::run
