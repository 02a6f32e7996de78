// Computing the value of an expression or a text, given where variables and functions
// come from.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "suite/datum.h"
#include "suite/expression_tree.h"

namespace pavtest::suite {

struct EvaluationError {
    bool deferred = false;   // no error: a value is known on the nodes only
    std::size_t offset = 0;  // in the text
    std::string what;
    std::string hint;
};

using Evaluated = tl::expected<Datum, EvaluationError>;

/// A step of a reference with its bounds computed.
struct BoundStep {
    ReferenceStep::Kind kind = ReferenceStep::Kind::name;
    std::string_view name;
    std::optional<Integer> from, until;
};

/// Where references get their values.
class References {
  public:
    virtual ~References() = default;
    [[nodiscard]] virtual Evaluated get(const Expression& reference,
                                        const std::vector<BoundStep>& steps) const = 0;
};

/// Where functions are. Errors say only what is wrong.
class Functions {
  public:
    virtual ~Functions() = default;
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
    [[nodiscard]] virtual bool has(std::string_view name) const = 0;
    [[nodiscard]] virtual tl::expected<Datum, std::string> call(
        std::string_view name, const std::vector<Datum>& arguments) const = 0;
};

Evaluated evaluate(const Expression& expression, const References& references,
                   const Functions& functions);

/// Formats what an expression gave for its place in a text: a text, or a list of texts.
Evaluated formatted(const Segment& segment, const Datum& value);

/// Follows steps into a list or map: what results and functions give.
tl::expected<Datum, std::string> navigate(const Datum& value, const std::vector<BoundStep>& steps);

}  // namespace pavtest::suite
