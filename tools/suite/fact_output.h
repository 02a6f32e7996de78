// What a site's fact prints, as a variable: a line, JSON, or RFC 822 records.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "suite/variables.h"

namespace pavtest::suite {

/// A line is a text. JSON is a text, a list of texts, a mapping of texts or a list of such
/// mappings. `Key: value` lines are a mapping; blank lines between them make a list.
tl::expected<VariablePtr, std::string> fact_value(std::string_view output);

}  // namespace pavtest::suite
