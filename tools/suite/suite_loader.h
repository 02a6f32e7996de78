// From files to merged tests: defaults, os, host, the suite's own os and host entries,
// inheritance, modes, overrides.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "suite/files.h"
#include "suite/problems.h"
#include "suite/resolve.h"
#include "suite/value.h"
#include "suite/variable_section.h"

namespace pavtest::suite {

/// A test's configuration as the layers gave it.
struct TestConfig {
    std::string name;
    const Value* tree = nullptr;  // all but the variables
    VariableSection variables;
};

struct LoadedSuite {
    std::string name;
    FoundConfig found;
    std::vector<TestConfig> tests;  // in the file's order
    std::vector<Error> errors;
};

class SuiteLoader {
  public:
    SuiteLoader(const World& world, const Selection& selection, std::string host, std::string os);

    /// Errors of the host and os files: nothing can be resolved.
    [[nodiscard]] const std::vector<Error>& errors() const { return base_errors_; }
    /// The suite's tests with what they inherit. The same object for the same name.
    const LoadedSuite& suite(const std::string& name);
    /// Lays the modes and overrides over a test.
    TestConfig layered(const LoadedSuite& suite, const TestConfig& test, Problems& problems);
    /// Fills in what is missing, and checks what can only be checked in the end.
    void complete(const LoadedSuite& suite, TestConfig& test, Problems& problems);

    Arena& arena() { return *arena_; }
    [[nodiscard]] std::shared_ptr<Arena> shared_arena() const { return arena_; }
    Files& files() { return files_; }
    std::vector<Error>& warnings() { return warnings_; }

  private:
    struct Override {
        std::string text;
        std::vector<std::string> key;
        const Layer* layer = nullptr;
    };

    void load_base();
    void parse_overrides();
    /// Merges a host's, os's or mode's configuration into `config`.
    void apply(TestConfig& config, const yaml::Node& node, const Layer& layer,
               const std::string& name, Problems& problems);
    void apply_file(TestConfig& config, ConfigType type, const std::string& name,
                    Problems& problems);
    /// An entry of the suite directory's hosts.yaml, os.yaml or modes.yaml.
    bool apply_suite_entry(TestConfig& config, const LoadedSuite& suite, ConfigType type,
                           const std::string& name, Problems& problems);
    void load_tests(LoadedSuite& suite, Problems& problems);
    void apply_mode(TestConfig& config, const LoadedSuite& suite, const std::string& mode,
                    Problems& problems);
    void apply_override(TestConfig& config, const Override& override, Problems& problems);
    bool override_variable(TestConfig& config, const Override& override, Problems& problems);
    const Value& identity(const LoadedSuite& suite, const TestConfig& test);
    void check_version(const Value& tree, const LoadedSuite& suite, const std::string& test,
                       Problems& problems);
    void missing_suite(LoadedSuite& suite, Problems& problems);

    const Selection& selection_;
    std::string host_;
    std::string os_;
    std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
    Files files_;
    TestConfig base_;
    std::vector<Error> base_errors_;
    std::vector<Error> warnings_;
    std::vector<Override> overrides_;
    std::vector<Error> override_errors_;
    std::map<std::string, LoadedSuite> suites_;
};

}  // namespace pavtest::suite
