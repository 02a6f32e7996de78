// Expressions: or, and, not, comparison, + -, * / // %, ^, .., in rising precedence.
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "suite/expression_tree.h"

namespace pavtest::suite {

/// Parses a whole text as an expression. Offsets in the tree and in errors are those of
/// the text plus `base`.
tl::expected<Expression, SyntaxError> parse_expression(std::string_view text, std::size_t base = 0);

}  // namespace pavtest::suite
