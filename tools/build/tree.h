// What is done to a build's tree as a whole.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace pavtest::build {

/// Makes all below read-only, for the group too if it is to read it; and the directory itself.
Result<> seal_tree(const std::string& path, bool group_reads);
/// Makes the directories writable again, so that the tree can be removed.
Result<> unseal_tree(const std::string& path);
/// Everything written so far to the file system is on its disk.
Result<> sync_file_system(int directory);
/// The bytes of the files below; what can't be read counts as nothing.
std::uint64_t tree_bytes(const std::string& path);

}  // namespace pavtest::build
