// A text's pieces put together: plain text, expressions, iterations, and lists where an
// expression is all that there is.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "suite/variables.h"

namespace pavtest::suite {

namespace {

tl::unexpected<EvaluationError> fail(std::size_t offset, std::string what, std::string hint = {}) {
    return tl::make_unexpected(EvaluationError{false, offset, std::move(what), std::move(hint)});
}

struct Piece {
    Datum value;
    std::size_t offset;
};

Evaluated expression_value(const Segment& segment, const VariableManager& variables,
                           const Functions& functions) {
    auto value = evaluate(segment.expression, variables, functions);
    return value ? formatted(segment, *value) : value;
}

// Repeats the pieces for every combination of the variables in them that have no index.
Evaluated iteration(const Segment& segment, const VariableManager& variables,
                    const Functions& functions) {
    std::vector<std::pair<VariableSet, std::string>> over;
    std::set<std::pair<VariableSet, std::string>> direct;
    for (const Segment& inner : segment.segments) {
        if (inner.kind != Segment::Kind::expression) {
            continue;
        }
        for (const Expression* reference : references_of(inner.expression)) {
            const auto key = parse_key(*reference);
            if (!key) {
                return fail(reference->offset, key.error());
            }
            const auto set = variables.set_of(*key);
            if (!set) {
                return fail(reference->offset, set.error(), variables.near_variable(key->name));
            }
            std::pair<VariableSet, std::string> name{*set, std::string(key->name)};
            if (key->index != VariableKey::Index::none) {
                direct.insert(std::move(name));
            } else if (std::find(over.begin(), over.end(), name) == over.end()) {
                over.push_back(std::move(name));
            }
        }
    }
    for (const auto& name : over) {
        if (direct.count(name) > 0) {
            return fail(segment.offset,
                        fmt::format("'{}' is iterated over here, and so cannot have an index too",
                                    name.second));
        }
        if (variables.any_deferred(name.first, name.second)) {
            return tl::make_unexpected(
                EvaluationError{true, segment.offset, "known on the nodes only", {}});
        }
    }
    const auto managers = variables.permutations(over);
    if (!managers) {
        return fail(segment.offset, managers.error());
    }
    std::string out;
    bool first = true;
    for (const VariableManager& manager : *managers) {
        out += first ? "" : segment.text;
        first = false;
        for (const Segment& inner : segment.segments) {
            if (inner.kind == Segment::Kind::text) {
                out += inner.text;
                continue;
            }
            auto value = expression_value(inner, manager, functions);
            if (!value) {
                return value;
            }
            if (!value->is_text()) {
                return fail(inner.offset, "an iteration cannot hold a list");
            }
            out += value->text();
        }
    }
    return Datum::of(std::move(out));
}

bool all_blank(const std::string& text) {
    return !text.empty() && text.find_first_not_of(" \t\n\r\f\v") == std::string::npos;
}

}  // namespace

Evaluated resolve_text(const Template& text, const VariableManager& variables,
                       const Functions& functions) {
    std::string out;
    std::optional<Piece> list;
    std::optional<std::size_t> beside;  // where there is more than a list
    for (const Segment& segment : text.segments) {
        Evaluated piece = Datum::of(std::string{});
        if (segment.kind == Segment::Kind::text) {
            piece = Datum::of(segment.text);
        } else if (segment.kind == Segment::Kind::iteration) {
            piece = iteration(segment, variables, functions);
        } else {
            piece = expression_value(segment, variables, functions);
        }
        if (!piece) {
            return piece;
        }
        if (const auto* string = piece->as<std::string>()) {
            out += *string;
            if (!all_blank(*string)) {
                beside = segment.offset;
            }
        } else if (list) {
            return fail(segment.offset, "the text holds two lists, and can be one list only");
        } else {
            list = Piece{std::move(*piece), segment.offset};
        }
    }
    if (!list) {
        return Datum::of(std::move(out));
    }
    if (beside) {
        return fail(list->offset, "an expression gives a list, and the text holds more than it");
    }
    if (list->value.as<DatumList>()->empty()) {
        return fail(list->offset, "the expression gives an empty list");
    }
    return std::move(list->value);
}

}  // namespace pavtest::suite
