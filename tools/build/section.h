// A test's `build` or `run` section: what is to be done, as values.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "build/modules.h"

namespace pavtest::build {

struct EnvironmentChange {
    std::string name;
    std::optional<std::string> value;  // nothing: the variable is unset
};

/// A file that is written from its lines before the script runs; its path is relative to the
/// directory that the script runs in and stays below it.
struct CreatedFile {
    std::string path;
    std::vector<std::string> lines;
};

/// Packages of Spack, in the environment that the build's spack.yaml describes.
struct SpackPackages {
    std::vector<std::string> install, load;
    bool enabled = false;  // the test uses Spack, be it in its other section alone
};

struct Section {
    std::vector<std::string> preamble;
    std::vector<std::string> modules;
    std::vector<ModuleWrapper> wrappers;  // of all modules of the test
    std::vector<EnvironmentChange> environment;
    std::vector<std::string> commands;
    std::vector<CreatedFile> files;
    SpackPackages spack;
    bool autoexit = true;
    bool verbose = false;
    std::optional<double> timeout;            // seconds without output
    std::optional<std::string> timeout_file;  // watched in place of the log, once it is there
};

/// The line of a script that does it. The value is the shell's to expand; one with spaces gets
/// quotes unless it has some.
std::string assignment(const EnvironmentChange& change);

/// Reads the section of a resolved configuration; `name` ("build", "run") is for messages.
/// Missing keys and nulls have Pavilion's defaults.
Result<Section> read_section(const nlohmann::json& config, const std::string& name);

/// Pavilion's reading of a yes or no that is written as a string.
bool is_true(const std::string& text);

/// The strings of a list, or of a single value that stands for a list of one.
std::vector<std::string> string_list(const nlohmann::json& value);

/// Whether `path` is relative and stays below where it starts ("a/b", not "../a").
bool stays_below(const std::string& path);

}  // namespace pavtest::build
