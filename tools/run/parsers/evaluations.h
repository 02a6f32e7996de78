// result_evaluate: results computed from results, in whatever order they were written.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "run/parsers/evaluator.h"
#include "run/parsers/value.h"

namespace pavtest::parsers {

using Expressions = std::map<std::string, std::string>;

/// What each expression refers to.
using Dependencies = std::map<std::string, std::vector<std::vector<std::string>>>;

struct Evaluations {
    Dependencies dependencies;
    std::vector<Error> errors;  // in the order in which they came up
    std::set<std::string> failed;
};

/// Evaluates every expression after those that it refers to, and stores what they give. One
/// that fails, or is part of a loop, takes those along that refer to it.
Evaluations evaluate_all(const Expressions& expressions, Map& results, Evaluator& evaluator);

}  // namespace pavtest::parsers
