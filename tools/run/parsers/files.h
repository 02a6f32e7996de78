// Where a parser's files are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pavtest::parsers {

/// A test's places. Its build may be a link to elsewhere, so "../" in a glob is the test's
/// own directory by name, whatever the file system has above the build.
struct Places {
    std::string build_directory;
    std::string test_directory;
    std::string run_log;  // what "../run.log" is
};

/// The files that a glob of Python's finds, by name in bytes' order.
std::vector<std::string> find_files(std::string_view glob, const Places& places);

std::string base_name(std::string_view path);

}  // namespace pavtest::parsers
