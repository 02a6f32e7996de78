// The sys and pav variables: what is known of the system and of the run.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "suite/resolve.h"
#include "suite/variables.h"

namespace pavtest::suite {

struct FactInfo {
    std::string name;
    std::string summary;
    bool deferred = false;  // known on the nodes only
    std::string path;       // of a site's own
};

/// sys: the built-in facts and the site's executables in facts/NAME, which come first.
/// With `on_node`, deferred ones are asked for too.
std::shared_ptr<const VariableProvider> system_facts(const World& world, bool on_node);
/// pav: user, time, version.
std::shared_ptr<const VariableProvider> run_facts(const World& world);

std::vector<FactInfo> list_system_facts(const World& world);
std::vector<FactInfo> list_run_facts();

/// The version that suites are written against (compatible_pav_versions).
constexpr std::string_view kPavilionVersion = "2.4";

}  // namespace pavtest::suite
