// What there is to choose from, without resolving anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "suite/resolve.h"

namespace pavtest::suite {

struct TestEntry {
    std::string name;
    std::string summary;  // its own or inherited within the suite
    std::string doc;
    std::string maintainer, email;
    std::string inherits_from;
    bool hidden = false;  // its name begins with an underscore
    bool permuted = false;
    Place place;
};

struct SuiteEntry {
    std::string name;
    std::string label;                    // of the configuration directory
    std::string path;                     // the file
    std::string directory;                // of a suite directory; else empty
    bool deprecated = false;              // in tests/
    std::vector<std::string> supersedes;  // files of the same name in later directories
    std::vector<TestEntry> tests;         // in the file's order
    std::vector<Error> errors;            // why its tests are not all here
};

/// Suites by name. A pattern (globs) is matched against the suite's name and against
/// "suite.test"; empty: everything.
std::vector<SuiteEntry> list_suites(const World& world, std::string_view pattern = {});

enum class CatalogKind { hosts, os, modes };

struct ConfigEntry {
    std::string name;
    std::string label;
    std::string path;
    std::string suite;    // an entry of a suite directory's own file
    std::string summary;  // of the file's `summary:` or first comment line
    std::vector<Error> errors;
};

std::vector<ConfigEntry> list_configs(const World& world, CatalogKind kind);

struct VariableEntryInfo {
    std::string name;  // "sys_name"
    std::string summary;
    std::string path;       // a site's own fact
    bool deferred = false;  // known on the nodes only
};

/// sys variables, with the site's own facts.
std::vector<VariableEntryInfo> list_facts(const World& world);
std::vector<VariableEntryInfo> list_pav_variables();
std::vector<VariableEntryInfo> list_sched_variables();

struct FunctionEntry {
    std::string name;
    std::string signature;  // empty for a site's own
    std::string summary;
    std::string path;  // a site's own
};

std::vector<FunctionEntry> list_functions(const World& world);

/// Collections: files of requests for -f.
struct CollectionEntry {
    std::string name;
    std::string path;
};
std::vector<CollectionEntry> list_collections(const World& world);

}  // namespace pavtest::suite
