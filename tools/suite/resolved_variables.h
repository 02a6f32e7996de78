// The variables section of each permutation: the values as they were written with their
// strings resolved, whatever the permutation chose among them.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "suite/resolve.h"
#include "suite/strings.h"
#include "suite/variable_section.h"

namespace pavtest::suite {

/// Made once for a test. What holds no string to resolve is put into words once, however
/// many permutations there are: permuted variables tend to be the longest.
class ResolvedVariables {
  public:
    ResolvedVariables(const VariableSection& section, StringResolver& strings);

    /// What a permutation has of a variable: its own value, or none where it takes all as they
    /// were written.
    using Chosen = std::function<std::optional<Json>(std::string_view name)>;

    /// Of one permutation. Without `wanted` only their errors are.
    Json json(const VariableManager& manager, const Functions& functions, Problems& problems,
              bool& deferred, bool wanted, const Chosen& chosen);

  private:
    struct Entry {
        std::string_view name;
        std::vector<std::vector<Member>> items;  // of one that has strings to resolve
        Json fixed;                              // of any other
    };
    StringResolver& strings_;
    std::vector<Entry> entries_;
};

}  // namespace pavtest::suite
