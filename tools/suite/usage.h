// Doubtful things in suites: variables that nothing uses, tests that nobody can reach.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "suite/files.h"

namespace pavtest::suite {

/// The variables that host, os and mode files use: a suite may set them for these.
struct Usage {
    std::set<std::string, std::less<>> names;
};

Usage collect_usage(Files& files);

/// Warnings about a suite that resolves.
std::vector<Error> doubtful_of_suite(const std::string& name, const FoundConfig& found,
                                     const yaml::Document& document, const Usage& elsewhere);

}  // namespace pavtest::suite
