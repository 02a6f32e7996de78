// Expressions outside of suites: result_evaluate, over the results that are there so far.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "suite/evaluate.h"
#include "suite/resolve.h"

namespace pavtest::suite {

/// The value of an expression whose names are the keys of `results` ("a.b", "n.*.speed",
/// "per_file.node1.x"). Errors have no place, but say where in the expression.
Result<Json> evaluate_expression(std::string_view expression, const Json& results,
                                 const Functions& functions);

/// Evaluates every expression and puts its value into `results` under its key, those
/// first that others refer to. Stops at the first error; a loop of references is one.
/// `log`, if given, gets a line for each step.
Result<> evaluate_results(Json& results, const Json& evaluations, const Functions& functions,
                          const std::function<void(const std::string&)>& log = {});

/// The error of the syntax, or nothing.
Result<> check_expression(std::string_view expression);

}  // namespace pavtest::suite
