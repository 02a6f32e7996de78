// Checks of result_parse, result_evaluate and reference that can be made before a test runs.
#pragma once

#include "suite/problems.h"
#include "suite/value.h"

namespace pavtest::suite {

/// For one permutation of a test after the other: a section that is the same as in the last
/// one and was good then is not looked at again.
class CheckedResults {
  public:
    void check(const Value& config, Problems& problems);

  private:
    const Value* parse_ = nullptr;
    const Value* evaluate_ = nullptr;
    const Value* reference_ = nullptr;
};

}  // namespace pavtest::suite
