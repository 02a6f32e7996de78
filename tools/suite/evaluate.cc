// Walks the tree. Nothing is short-circuited: an error or a deferred value anywhere is
// one of the whole, as in Pavilion.
#include "suite/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "suite/arithmetic.h"
#include "suite/format_spec.h"

namespace pavtest::suite {

namespace {

constexpr const char* kOperandHint =
    "+ - * / // % ^ take numbers, and no 0 to divide by; '..' joins texts";

tl::unexpected<EvaluationError> fail(std::size_t offset, std::string what, std::string hint = {}) {
    return tl::make_unexpected(EvaluationError{false, offset, std::move(what), std::move(hint)});
}

class Evaluator {
  public:
    Evaluator(const References& references, const Functions& functions)
        : references_(references), functions_(functions) {}

    Evaluated value(const Expression& expression) const {
        switch (expression.kind) {
            case Expression::Kind::empty:
                return Datum::of(std::string{});
            case Expression::Kind::literal:
                return expression.literal;
            case Expression::Kind::list:
                return list(expression);
            case Expression::Kind::reference:
                return reference(expression);
            case Expression::Kind::call:
                return call(expression);
            case Expression::Kind::negate:
                return unary(expression, negated);
            case Expression::Kind::plus:
                return unary(expression, affirmed);
            case Expression::Kind::logical_not:
                return unary(expression, inverted);
            case Expression::Kind::compare:
                return comparison(expression);
            case Expression::Kind::power:
                return binary(expression, "^");
            case Expression::Kind::logical_and:
            case Expression::Kind::logical_or:
            case Expression::Kind::arithmetic:
            case Expression::Kind::concatenate:
                return chain(expression);
        }
        return Datum{};
    }

  private:
    static Evaluated at(const Expression& expression, Computed computed) {
        if (!computed) {
            return fail(expression.offset, std::move(computed.error()), kOperandHint);
        }
        return std::move(*computed);
    }

    Evaluated unary(const Expression& expression, Computed (*operation)(const Datum&)) const {
        auto operand = value(expression.operands.front());
        return operand ? at(expression, operation(*operand)) : operand;
    }

    tl::expected<std::vector<Datum>, EvaluationError> all(const Expression& expression) const {
        std::vector<Datum> values;
        values.reserve(expression.operands.size());
        for (const Expression& operand : expression.operands) {
            auto one = value(operand);
            if (!one) {
                return tl::make_unexpected(std::move(one.error()));
            }
            values.push_back(std::move(*one));
        }
        return values;
    }

    Evaluated list(const Expression& expression) const {
        auto items = all(expression);
        if (!items) {
            return tl::make_unexpected(std::move(items.error()));
        }
        return Datum::of(DatumList(std::move(*items)));
    }

    Evaluated binary(const Expression& expression, std::string_view symbol) const {
        auto operands = all(expression);
        if (!operands) {
            return tl::make_unexpected(std::move(operands.error()));
        }
        return at(expression, apply(symbol, (*operands)[0], (*operands)[1]));
    }

    Evaluated chain(const Expression& expression) const {
        auto operands = all(expression);
        if (!operands) {
            return tl::make_unexpected(std::move(operands.error()));
        }
        Datum result = std::move(operands->front());
        for (std::size_t i = 0; i < expression.operators.size(); ++i) {
            auto next = apply(expression.operators[i], result, (*operands)[i + 1]);
            if (!next) {
                return fail(expression.operands[i + 1].offset, std::move(next.error()),
                            kOperandHint);
            }
            result = std::move(*next);
        }
        return result;
    }

    // a < b < c is a < b and b < c.
    Evaluated comparison(const Expression& expression) const {
        auto operands = all(expression);
        if (!operands) {
            return tl::make_unexpected(std::move(operands.error()));
        }
        Datum result = Datum::of(true);
        for (std::size_t i = 0; i < expression.operators.size(); ++i) {
            auto one = apply(expression.operators[i], (*operands)[i], (*operands)[i + 1]);
            if (one) {
                one = apply("and", result, *one);
            }
            if (!one) {
                return fail(expression.operands[i + 1].offset, std::move(one.error()),
                            "numbers are compared with numbers, texts with texts");
            }
            result = std::move(*one);
        }
        return result;
    }

    tl::expected<std::optional<Integer>, EvaluationError> bound(const ExpressionPtr& tree) const {
        if (tree == nullptr) {
            return std::optional<Integer>{};
        }
        auto computed = value(*tree);
        if (!computed) {
            return tl::make_unexpected(std::move(computed.error()));
        }
        Integer number = 0;
        if (!parse_integer(computed->text(), number)) {
            return fail(tree->offset, fmt::format("'{}' is no index", computed->text()));
        }
        return std::optional<Integer>{number};
    }

    tl::expected<std::vector<BoundStep>, EvaluationError> steps(
        const Expression& expression) const {
        std::vector<BoundStep> out;
        out.reserve(expression.steps.size());
        for (const ReferenceStep& step : expression.steps) {
            auto from = bound(step.from);
            if (!from) {
                return tl::make_unexpected(std::move(from.error()));
            }
            auto until = bound(step.until);
            if (!until) {
                return tl::make_unexpected(std::move(until.error()));
            }
            out.push_back(BoundStep{step.kind, step.name, *from, *until});
        }
        return out;
    }

    Evaluated reference(const Expression& expression) const {
        auto bound_steps = steps(expression);
        if (!bound_steps) {
            return tl::make_unexpected(std::move(bound_steps.error()));
        }
        return references_.get(expression, *bound_steps);
    }

    Evaluated call(const Expression& expression) const {
        auto arguments = all(expression);
        if (!arguments) {
            return tl::make_unexpected(std::move(arguments.error()));
        }
        if (!functions_.has(expression.name)) {
            const std::string near = did_you_mean(expression.name, functions_.names());
            return fail(expression.offset,
                        fmt::format("there is no function '{}'", expression.name),
                        near.empty() ? "'pavsuite list functions' shows them all" : near);
        }
        auto result = functions_.call(expression.name, *arguments);
        if (!result) {
            return fail(expression.offset, fmt::format("{}(): {}", expression.name, result.error()),
                        "'pavsuite list functions' shows what each takes");
        }
        auto bound_steps = steps(expression);
        if (!bound_steps) {
            return tl::make_unexpected(std::move(bound_steps.error()));
        }
        auto found = navigate(*result, *bound_steps);
        if (!found) {
            return fail(expression.offset, std::move(found.error()));
        }
        return std::move(*found);
    }

    const References& references_;
    const Functions& functions_;
};

using Navigated = tl::expected<Datum, std::string>;

Navigated follow(const Datum& value, const std::vector<BoundStep>& steps, std::size_t at,
                 bool listing);

// Each item of a list (or value of a map, by key) that the rest of the steps lead somewhere in.
Navigated follow_all(const Datum& value, const std::vector<BoundStep>& steps, std::size_t at) {
    DatumList items;
    if (const auto* map = value.as<DatumMap>()) {
        DatumMap sorted = *map;
        std::sort(sorted.begin(), sorted.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        for (auto& [_, item] : sorted) {
            items.push_back(std::move(item));
        }
    } else if (const auto* list = value.as<DatumList>()) {
        items = *list;
    } else {
        return tl::make_unexpected(fmt::format(
            "'*' or a range goes through lists and mappings, and this is a {}", value.type_name()));
    }
    const auto size = static_cast<Integer>(items.size());
    const auto index = [&](const std::optional<Integer>& bound, Integer otherwise) {
        const Integer i = bound.value_or(otherwise);
        return static_cast<std::size_t>(std::clamp<Integer>(i < 0 ? size + i : i, 0, size));
    };
    const std::size_t from = index(steps[at].from, 0);
    const std::size_t until = index(steps[at].until, size);
    DatumList out;
    std::string error;
    for (std::size_t i = from; i < until; ++i) {
        auto found = follow(items[i], steps, at + 1, false);
        if (found) {
            out.push_back(std::move(*found));
        } else {
            error = found.error();
        }
    }
    if (out.empty() && !error.empty()) {
        return tl::make_unexpected(error);
    }
    return Datum::of(std::move(out));
}

Navigated follow(const Datum& value, const std::vector<BoundStep>& steps, std::size_t at,
                 bool listing) {
    if (at == steps.size()) {
        return auto_convert(value);
    }
    const BoundStep& step = steps[at];
    if (step.kind == ReferenceStep::Kind::all || step.kind == ReferenceStep::Kind::slice) {
        if (!listing) {
            return tl::make_unexpected(std::string("a reference can have one '*' or range only"));
        }
        return follow_all(value, steps, at);
    }
    const std::string key = step.kind == ReferenceStep::Kind::at
                                ? integer_text(step.from.value_or(0))
                                : std::string(step.name);
    if (const auto* map = value.as<DatumMap>()) {
        if (const Datum* item = value.find(key)) {
            return follow(*item, steps, at + 1, listing);
        }
        std::vector<std::string> keys;
        for (const auto& [name, _] : *map) {
            keys.push_back(name);
        }
        const std::string near = did_you_mean(key, keys);
        return tl::make_unexpected(fmt::format("there is no key '{}'{}", key,
                                               near.empty() ? "" : fmt::format(", {}", near)));
    }
    if (const auto* list = value.as<DatumList>()) {
        Integer index = 0;
        if (!parse_integer(key, index)) {
            return tl::make_unexpected(
                fmt::format("'{}' is asked of a list, which has numbers only", key));
        }
        const auto size = static_cast<Integer>(list->size());
        index = index < 0 ? index + size : index;
        if (index < 0 || index >= size) {
            return tl::make_unexpected(
                fmt::format("there is no item {} in a list of {}", key, list->size()));
        }
        return follow((*list)[static_cast<std::size_t>(index)], steps, at + 1, listing);
    }
    return tl::make_unexpected(fmt::format("'{}' is asked of a {}", key, value.type_name()));
}

}  // namespace

tl::expected<Datum, std::string> navigate(const Datum& value, const std::vector<BoundStep>& steps) {
    return follow(value, steps, 0, true);
}

Evaluated evaluate(const Expression& expression, const References& references,
                   const Functions& functions) {
    return Evaluator(references, functions).value(expression);
}

Evaluated formatted(const Segment& segment, const Datum& value) {
    const auto one = [&](const Datum& item) -> Evaluated {
        if (!item.is_number() && !item.is_text()) {
            return fail(segment.offset,
                        fmt::format("the expression gives a {}, and a text cannot hold one",
                                    item.type_name()));
        }
        if (!segment.formatted) {
            return Datum::of(item.text());
        }
        auto text = format_datum(item, segment.format);
        if (!text && item.is_text()) {
            text = format_datum(auto_convert(item), segment.format);
        }
        if (!text) {
            return fail(segment.offset,
                        fmt::format("the format '{}' does not fit '{}': {}", segment.format,
                                    item.text(), text.error()),
                        "formats are Python's: 5d for integers, .2f for numbers, >10 for any");
        }
        return Datum::of(std::move(*text));
    };
    const auto* list = value.as<DatumList>();
    if (list == nullptr) {
        return one(value);
    }
    DatumList out;
    out.reserve(list->size());
    for (const Datum& item : *list) {
        auto text = one(item);
        if (!text) {
            return text;
        }
        out.push_back(std::move(*text));
    }
    return Datum::of(std::move(out));
}

}  // namespace pavtest::suite
