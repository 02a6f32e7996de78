// The keys of a test's configuration, flat, for lists and for the manual.
#pragma once

#include <string>
#include <vector>

namespace pavtest::cmd {

struct KeyEntry {
    std::string name;      // "run.timeout"; free names as NAME
    std::string kind;      // "text", "list", "mapping", …
    std::string standing;  // what holds where nobody sets it; may be empty
    std::string help;
};

/// Every key that an author may write, in the order of the format.
std::vector<KeyEntry> known_keys();

}  // namespace pavtest::cmd
