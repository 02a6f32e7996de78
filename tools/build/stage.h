// Setting up directories: a build's from its sources, and a test's own copy of a build.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "build/section.h"
#include "build/spec.h"

namespace pavtest::build {

/// Writes the files below `directory`, making the directories that they need. An existing
/// link in a file's place is replaced, not followed.
Result<> create_files(const std::vector<CreatedFile>& files, const std::string& directory);

/// Fills a build's directory, which is there and empty: the content of the source if it is
/// a directory or an archive, the file itself otherwise; then extra files and files.
Result<> stage_build(const Spec& spec, const std::string& directory);

/// A test's own tree of a build, in a directory that is there and empty: real directories,
/// links to the files, and real, writable copies of what matches the globs.
Result<> copy_for_test(const std::string& build, const std::string& directory,
                       const std::vector<std::string>& copy_globs);

/// Globs of copy_files: `*`, `?`, `[…]` within a name, `**` for any number of directories.
bool path_matches(const std::string& glob, const std::string& path);

}  // namespace pavtest::build
