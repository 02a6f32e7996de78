// A site's own functions: executables in CONFIG/functions/NAME.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "suite/evaluate.h"
#include "suite/resolve.h"

namespace pavtest::suite {

struct SiteFunction {
    std::string name;
    std::string path;
    std::string summary;
};

/// Those of all configuration directories; the first of a name wins.
std::vector<SiteFunction> list_site_functions(const World& world);

/// The built-in functions and the site's, each distinct call of which is made once.
std::shared_ptr<const Functions> site_functions(const World& world);

}  // namespace pavtest::suite
