// The suite's expressions over results.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "run/parsers/evaluator.h"
#include "suite/expression_parser.h"
#include "suite/functions.h"

namespace pavtest::parsers {

namespace {

using suite::Datum;

Datum to_datum(const Value& value) {
    if (const auto* flag = value.as<bool>()) {
        return Datum::of(*flag);
    }
    if (const auto* number = value.as<Number>()) {
        suite::Integer integer = 0;
        if (number->integer && suite::parse_integer(number->text, integer)) {
            return Datum::of(integer);
        }
        return Datum::of(number->as_double());
    }
    if (const auto* text = value.as<std::string>()) {
        return Datum::of(*text);
    }
    if (const auto* list = value.as<List>()) {
        suite::DatumList items;
        for (const Value& item : *list) {
            items.push_back(to_datum(item));
        }
        return Datum::of(std::move(items));
    }
    if (const auto* map = value.as<Map>()) {
        suite::DatumMap members;
        for (const auto& [key, item] : *map) {
            members.emplace_back(key, to_datum(item));
        }
        return Datum::of(std::move(members));
    }
    return {};
}

Value to_value(const Datum& datum) {
    if (const auto* flag = datum.as<bool>()) {
        return Value(*flag);
    }
    if (const auto* integer = datum.as<suite::Integer>()) {
        return Value(Number{suite::integer_text(*integer), true});
    }
    if (const auto* real = datum.as<double>()) {
        return Value::real(*real);
    }
    if (const auto* text = datum.as<std::string>()) {
        return Value(*text);
    }
    if (const auto* list = datum.as<suite::DatumList>()) {
        List items;
        for (const Datum& item : *list) {
            items.push_back(to_value(item));
        }
        return Value(std::move(items));
    }
    if (const auto* map = datum.as<suite::DatumMap>()) {
        Map members;
        for (const auto& [key, item] : *map) {
            members.emplace_back(key, to_value(item));
        }
        return Value(std::move(members));
    }
    return {};
}

Error error_at(std::string_view expression, std::size_t offset, const std::string& what,
               std::string hint) {
    const std::size_t column = std::min(offset, expression.size()) + 1;
    return {ErrorKind::config, fmt::format("'{}', character {}: {}", expression, column, what),
            std::move(hint), std::nullopt};
}

class ResultReferences : public suite::References {
  public:
    explicit ResultReferences(const Datum& results) : results_(results) {}

    [[nodiscard]] suite::Evaluated get(const suite::Expression& reference,
                                       const std::vector<suite::BoundStep>& steps) const override {
        const Datum* value = results_.find(reference.name);
        if (value == nullptr) {
            std::vector<std::string> names;
            for (const auto& [name, ignored] : *results_.as<suite::DatumMap>()) {
                names.push_back(name);
            }
            return tl::unexpected(suite::EvaluationError{
                false, reference.offset, fmt::format("there is no result '{}'", reference.name),
                did_you_mean(reference.name, names)});
        }
        auto found = suite::navigate(*value, steps);
        if (!found) {
            return tl::unexpected(
                suite::EvaluationError{false, reference.offset, found.error(), {}});
        }
        Datum converted = suite::auto_convert(*found);
        // Lists are taken without what was not found, so that sums and the like work.
        if (auto* items = std::get_if<suite::DatumList>(&converted.value)) {
            items->erase(std::remove_if(items->begin(), items->end(),
                                        [](const Datum& item) { return item.is_null(); }),
                         items->end());
        }
        return converted;
    }

  private:
    const Datum& results_;
};

class SuiteEvaluator : public Evaluator {
  public:
    explicit SuiteEvaluator(std::shared_ptr<const suite::Functions> functions)
        : functions_(std::move(functions)) {}

    [[nodiscard]] Result<std::vector<std::vector<std::string>>> references(
        std::string_view expression) const override {
        auto parsed = suite::parse_expression(expression);
        if (!parsed) {
            return syntax_error(expression, parsed.error());
        }
        std::vector<std::vector<std::string>> references;
        for (const suite::Expression* reference : suite::references_of(*parsed)) {
            std::vector<std::string> steps = {reference->name};
            for (const suite::ReferenceStep& step : reference->steps) {
                const bool named = step.kind == suite::ReferenceStep::Kind::name ||
                                   step.kind == suite::ReferenceStep::Kind::index;
                steps.push_back(named ? step.name : "*");
            }
            references.push_back(std::move(steps));
        }
        return references;
    }

    void define(const std::string& name, const Value& value) override {
        auto& members = std::get<suite::DatumMap>(results_.value);
        Datum datum = to_datum(value);
        const auto there = std::find_if(members.begin(), members.end(),
                                        [&](const auto& member) { return member.first == name; });
        if (there == members.end()) {
            members.emplace_back(name, std::move(datum));
        } else {
            there->second = std::move(datum);
        }
    }

    [[nodiscard]] Result<Value> evaluate(std::string_view expression) const override {
        auto parsed = suite::parse_expression(expression);
        if (!parsed) {
            return syntax_error(expression, parsed.error());
        }
        auto value = suite::evaluate(*parsed, ResultReferences(results_), *functions_);
        if (!value) {
            const suite::EvaluationError& error = value.error();
            return tl::unexpected(
                error_at(expression, error.offset,
                         error.deferred ? "a value is not known here" : error.what, error.hint));
        }
        return to_value(*value);
    }

  private:
    static tl::unexpected<Error> syntax_error(std::string_view expression,
                                              const suite::SyntaxError& error) {
        return tl::unexpected(error_at(expression, error.offset, error.what, error.hint));
    }

    Datum results_ = Datum::of(suite::DatumMap());
    std::shared_ptr<const suite::Functions> functions_;
};

}  // namespace

std::unique_ptr<Evaluator> make_evaluator(std::shared_ptr<const suite::Functions> functions) {
    if (functions == nullptr) {
        functions = std::make_shared<suite::BuiltinFunctions>();
    }
    return std::make_unique<SuiteEvaluator>(std::move(functions));
}

}  // namespace pavtest::parsers
