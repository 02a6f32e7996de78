// The configuration tree and variables as JSON.
#pragma once

#include <string_view>

#include "suite/resolve.h"
#include "suite/value.h"
#include "suite/variable_section.h"
#include "suite/variables.h"

namespace pavtest::suite {

Json to_json(const Value& value);
/// The whole configuration, its variables included; what is Pavilion's alone is left out.
Json config_json(const Value& tree, Json variables);
/// name → list of texts or of mappings.
Json variables_json(const VariableSection& variables);
/// One of its variables.
Json variable_entry_json(const VariableEntry& entry);
/// One variable's values, as in the variables section.
Json variable_json(const VariableValue& value);

}  // namespace pavtest::suite
