// Laying one configuration over another, filling in the defaults, and the last checks.
#pragma once

#include "suite/problems.h"
#include "suite/schema.h"
#include "suite/value.h"

namespace pavtest::suite {

/// A configuration with nothing in it but the defaults. Without `variables`.
const Value& defaults(Arena& arena, const Element& element);

/// `newer` over `older`; either may be null. Newer texts and lists win unless they are
/// null, "key+" extends, maps are merged. The variables section is left out.
const Value& merge(Arena& arena, const Element& element, const Value* older, const Value* newer);

/// Folds prepend_cmds and append_cmds of build and run into cmds.
const Value& fold_commands(Arena& arena, const Value& config);

/// Fills in what is missing, and checks choices, required values and free keys.
const Value& complete(Arena& arena, const Element& element, const Value* value,
                      std::string_view name, Problems& problems);

}  // namespace pavtest::suite
