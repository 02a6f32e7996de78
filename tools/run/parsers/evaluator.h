// The expression language as results see it; tests replace it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "run/parsers/value.h"
#include "suite/evaluate.h"

namespace pavtest::parsers {

class Evaluator {
  public:
    virtual ~Evaluator() = default;
    /// The references in an expression, as their steps: "per_file.*.flops" → per_file * flops.
    virtual Result<std::vector<std::vector<std::string>>> references(
        std::string_view expression) const = 0;
    /// Makes a result known to later expressions.
    virtual void define(const std::string& name, const Value& value) = 0;
    virtual Result<Value> evaluate(std::string_view expression) const = 0;
};

/// Over the suite's expressions, with their built-in functions or the given ones.
std::unique_ptr<Evaluator> make_evaluator(
    std::shared_ptr<const suite::Functions> functions = nullptr);

}  // namespace pavtest::parsers
