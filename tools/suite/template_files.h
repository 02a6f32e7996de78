// `build.templates` and `run.templates`: files whose lines are texts like any other of the
// configuration.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "suite/problems.h"
#include "suite/resolve.h"
#include "suite/template_cache.h"
#include "suite/value.h"
#include "suite/variables.h"

namespace pavtest::suite {

class TemplateFiles {
  public:
    TemplateFiles(const std::vector<ConfigDirectory>& directories, TemplateCache& cache)
        : directories_(directories), cache_(cache) {}

    /// What a resolved configuration's template files become: `{"build": {"target": [line, …]},
    /// "run": …}`, sections without any left out. Lines that wait for the node are marked as its
    /// other texts are, and set `deferred`. Looked for in the suite's directory, then in test_src/.
    Json resolve(const Value& config, const std::string& suite_directory,
                 const VariableManager& variables, const Functions& functions, Problems& problems,
                 bool& deferred);

  private:
    struct File {
        std::string path;
        std::vector<std::string> lines;
    };
    const File* find(const Member& entry, const std::string& suite_directory, Problems& problems);

    const std::vector<ConfigDirectory>& directories_;
    TemplateCache& cache_;
    std::map<std::string, File> files_;  // by path
};

}  // namespace pavtest::suite
