// What a trace holds: the tree, and what keeps it alive.
#pragma once

#include <memory>

#include "suite/trace.h"
#include "suite/value.h"
#include "suite/variable_section.h"

namespace pavtest::suite {

class Trace {
  public:
    std::shared_ptr<Arena> arena;
    const Value* tree = nullptr;
    std::shared_ptr<const VariableSection> variables;
};

std::shared_ptr<const Trace> make_trace(std::shared_ptr<Arena> arena, const Value& tree,
                                        std::shared_ptr<const VariableSection> variables);

}  // namespace pavtest::suite
