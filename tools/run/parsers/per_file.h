// per_file: one answer, or one for each file, out of what several files gave.
#pragma once

#include <string>
#include <vector>

#include "run/parsers/key_parser.h"
#include "run/parsers/options.h"
#include "run/parsers/value.h"

namespace pavtest::parsers {

constexpr std::string_view per_file_key = "per_file";

/// Stores a value under a key, or the items of a list under the names that the key lists.
void store(Map& results, std::string_view key, Value value, std::vector<std::string>& errors);

/// Stores what a key got out of its files, in their order. `all_found`: every glob of the
/// key found a file.
void store_files(Map& results, const ParserOptions& options, std::vector<FileResult> files,
                 bool all_found, std::vector<std::string>& errors);

}  // namespace pavtest::parsers
