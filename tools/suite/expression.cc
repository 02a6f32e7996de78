#include "suite/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "suite/datum_json.h"
#include "suite/expression_parser.h"

namespace pavtest::suite {

namespace {

Error error_at(std::string_view expression, std::size_t offset, std::string what,
               std::string hint) {
    Place place{"expression", 1, static_cast<int>(std::min(offset, expression.size())) + 1,
                std::string(expression)};
    return Error{ErrorKind::config, std::move(what), std::move(hint), std::move(place)};
}

class ResultReferences : public References {
  public:
    explicit ResultReferences(const Datum& results) : results_(results) {}

    [[nodiscard]] Evaluated get(const Expression& reference,
                                const std::vector<BoundStep>& steps) const override {
        const Datum* base = results_.find(reference.name);
        if (base == nullptr) {
            std::vector<std::string> keys;
            for (const auto& [key, _] : *results_.as<DatumMap>()) {
                keys.push_back(key);
            }
            return tl::make_unexpected(EvaluationError{
                false, reference.offset, fmt::format("there is no result '{}'", reference.name),
                did_you_mean(reference.name, keys)});
        }
        auto value = navigate(*base, steps);
        if (!value) {
            return tl::make_unexpected(
                EvaluationError{false,
                                reference.offset,
                                fmt::format("'{}': {}", reference.name, value.error()),
                                {}});
        }
        if (auto* list = std::get_if<DatumList>(&value->value)) {
            list->erase(std::remove_if(list->begin(), list->end(),
                                       [](const Datum& item) { return item.is_null(); }),
                        list->end());
        }
        return std::move(*value);
    }

  private:
    const Datum& results_;
};

Result<Datum> evaluated(std::string_view text, const Expression& expression, const Datum& results,
                        const Functions& functions) {
    auto value = evaluate(expression, ResultReferences(results), functions);
    if (!value) {
        return tl::make_unexpected(
            error_at(text, value.error().offset, value.error().what, value.error().hint));
    }
    return std::move(*value);
}

Result<Expression> parsed(std::string_view text) {
    auto expression = parse_expression(text);
    if (!expression) {
        const SyntaxError& error = expression.error();
        return tl::make_unexpected(error_at(text, error.offset, error.what, error.hint));
    }
    return std::move(*expression);
}

void set(Datum& results, const std::string& key, Datum value) {
    auto& map = *std::get_if<DatumMap>(&results.value);
    for (auto& [name, item] : map) {
        if (name == key) {
            item = std::move(value);
            return;
        }
    }
    map.emplace_back(key, std::move(value));
}

}  // namespace

Result<> check_expression(std::string_view expression) {
    auto tree = parsed(expression);
    return tree ? Result<>{} : tl::make_unexpected(std::move(tree.error()));
}

Result<Json> evaluate_expression(std::string_view expression, const Json& results,
                                 const Functions& functions) {
    auto tree = parsed(expression);
    if (!tree) {
        return tl::make_unexpected(std::move(tree.error()));
    }
    const Datum root = results.is_object() ? datum_of(results) : Datum::of(DatumMap{});
    auto value = evaluated(expression, *tree, root, functions);
    if (!value) {
        return tl::make_unexpected(std::move(value.error()));
    }
    return datum_json(*value);
}

Result<> evaluate_results(Json& results, const Json& evaluations, const Functions& functions,
                          const std::function<void(const std::string&)>& log) {
    struct Pending {
        std::string key;
        std::string text;
        Expression tree;
    };
    const auto say = [&](const std::string& line) {
        if (log) {
            log(line);
        }
    };
    std::vector<Pending> pending;
    for (const auto& [key, text] : evaluations.items()) {
        if (!text.is_string()) {
            continue;
        }
        Pending one{key, text.get<std::string>(), {}};
        auto tree = parsed(one.text);
        if (!tree) {
            return tl::make_unexpected(tree.error().within(fmt::format("result '{}'", key)));
        }
        one.tree = std::move(*tree);
        pending.push_back(std::move(one));
    }
    Datum root = results.is_object() ? datum_of(results) : Datum::of(DatumMap{});
    const auto waits = [&](const Pending& one) {
        for (const Expression* reference : references_of(one.tree)) {
            if (std::any_of(pending.begin(), pending.end(),
                            [&](const Pending& other) { return other.key == reference->name; })) {
                return true;
            }
        }
        return false;
    };
    while (!pending.empty()) {
        const auto next = std::find_if_not(pending.begin(), pending.end(), waits);
        if (next == pending.end()) {
            std::vector<std::string> keys;
            for (const Pending& one : pending) {
                keys.push_back(one.key);
            }
            return fail(
                ErrorKind::config,
                fmt::format("the results {} refer to each other in a loop", join(keys, ", ")));
        }
        auto value = evaluated(next->text, next->tree, root, functions);
        if (!value) {
            return tl::make_unexpected(value.error().within(fmt::format("result '{}'", next->key)));
        }
        const Json json = datum_json(*value);
        say(fmt::format("{} = {} → {}", next->key, next->text, json.dump()));
        results[next->key] = json;
        set(root, next->key, std::move(*value));
        pending.erase(next);
    }
    return {};
}

}  // namespace pavtest::suite
