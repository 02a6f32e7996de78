// Reading references and comparing results with them.
#include "run/parsers/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/float_text.h"
#include "base/text.h"
#include "run/parsers/per_file.h"
#include "run/parsers/python_text.h"

namespace pavtest::parsers {

namespace {

using nlohmann::json;

const std::vector<std::string>& fields() {
    static const std::vector<std::string> names = {"value", "lower", "upper", "unit",
                                                   "expected_fail"};
    return names;
}

tl::unexpected<Error> bad(std::string_view key, std::string_view why, std::string hint = {}) {
    return fail(ErrorKind::config, fmt::format("reference, key '{}': {}", key, why),
                std::move(hint));
}

std::string text_in(const json& map, const std::string& name) {
    const auto found = map.find(name);
    if (found == map.end() || found->is_null()) {
        return {};
    }
    return found->is_string() ? found->get<std::string>() : found->dump();
}

// "10%" or "-10 %" of a value, or so much of its unit; always a distance.
std::optional<double> distance(std::string_view text, double value) {
    text = strip(text);
    const bool relative = text.ends_with('%');
    if (relative) {
        text.remove_suffix(1);
    }
    const auto number = number_from(text);
    if (!number || !number->is_finite()) {
        return std::nullopt;
    }
    const double size = std::fabs(number->as_double());
    return relative ? size / 100 * std::fabs(value) : size;
}

Result<Reference> read_one(const std::string& key, const json& given) {
    for (const auto& [name, value] : given.items()) {
        if (std::find(fields().begin(), fields().end(), name) == fields().end()) {
            return bad(key, fmt::format("there is no '{}'", name), did_you_mean(name, fields()));
        }
    }
    Reference reference;
    reference.key = key;
    reference.unit = text_in(given, "unit");
    reference.lower = text_in(given, "lower");
    reference.upper = text_in(given, "upper");
    const auto value = number_from(text_in(given, "value"));
    if (!value || !value->is_finite()) {
        return bad(key, "value is missing or is no number");
    }
    reference.value = value->as_double();
    if (reference.lower.empty() && reference.upper.empty()) {
        return bad(key, "neither lower nor upper says how far it may be off");
    }
    for (const bool below : {true, false}) {
        const std::string& text = below ? reference.lower : reference.upper;
        if (text.empty()) {
            continue;
        }
        const auto size = distance(text, reference.value);
        if (!size) {
            return bad(key, fmt::format("{} is '{}'", below ? "lower" : "upper", text),
                       "per cent of the value, as in 10%, or a number in its unit");
        }
        (below ? reference.least : reference.most) = reference.value + (below ? -*size : *size);
    }
    const std::string expected = text_in(given, "expected_fail");
    if (!expected.empty() && lower_ascii(expected) != "false") {
        reference.expected_fail = lower_ascii(expected) == "true" ? "" : expected;
    }
    return reference;
}

// A reference without places holds anywhere.
bool has_places(const json& given) {
    return std::all_of(given.begin(), given.end(),
                       [](const json& item) { return item.is_object() || item.is_null(); });
}

bool has_globs(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

struct Place {
    std::string host, partition;
    explicit Place(const std::string& text) {
        const std::size_t colon = text.find(':');
        host = text.substr(0, colon);
        partition = colon == std::string::npos ? "" : text.substr(colon + 1);
    }
    [[nodiscard]] bool is(const std::string& a_host, const std::string& a_partition) const {
        return (host.empty() || glob_match(host, a_host)) &&
               (partition.empty() || glob_match(partition, a_partition));
    }
    [[nodiscard]] auto exactness() const {
        return std::tuple(!has_globs(host) && !has_globs(partition), !partition.empty(),
                          host.size() + partition.size());
    }
};

const json* choose(const json& places, const std::string& host, const std::string& partition) {
    const json* chosen = nullptr;
    std::optional<Place> best;
    for (const auto& [text, given] : places.items()) {
        Place place(text);
        if (given.is_object() && place.is(host, partition) &&
            (!best || place.exactness() > best->exactness())) {
            best = place;
            chosen = &given;
        }
    }
    return chosen;
}

// One value that a key stands for, and by which name.
struct Found {
    std::string name;  // of a file or row; empty for a value that stands alone
    const Value* value = nullptr;
};

using Steps = std::vector<std::string_view>;

void follow(const Value& value, const Steps& steps, std::size_t at, const std::string& name,
            std::vector<Found>& found);

void follow_map(const Map& map, const Steps& steps, std::size_t at, const std::string& name,
                std::vector<Found>& found) {
    const bool all = steps[at] == "*";
    for (const auto& [key, item] : map) {
        if (all || key == steps[at]) {
            follow(item, steps, at + 1, all ? key : name, found);
        }
    }
}

void follow(const Value& value, const Steps& steps, std::size_t at, const std::string& name,
            std::vector<Found>& found) {
    if (at == steps.size()) {
        found.push_back({name, &value});
    } else if (const auto* map = value.as<Map>()) {
        follow_map(*map, steps, at, name, found);
    } else if (const auto* list = value.as<List>()) {
        const bool all = steps[at] == "*";
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string place = std::to_string(i);
            if (all || place == steps[at]) {
                follow((*list)[i], steps, at + 1, all ? place : name, found);
            }
        }
    }
}

std::vector<Found> values_of(const std::string& key, const Map& results) {
    std::vector<Found> found;
    if (const Value* value = find(results, key)) {
        found.push_back({{}, value});
        return found;
    }
    follow_map(results, split_by(key, "."), 0, {}, found);
    if (found.empty()) {
        const std::string by_file = fmt::format("{}.*.{}", per_file_key, key);
        follow_map(results, split_by(by_file, "."), 0, {}, found);
    }
    return found;
}

std::string with_unit(const std::string& number, const std::string& unit) {
    return unit.empty() ? number : number + " " + unit;
}

std::string bound_text(const Reference& reference, bool below) {
    std::string tolerance = below ? reference.lower : reference.upper;
    const bool sign = tolerance.starts_with('-') || tolerance.starts_with('+');
    tolerance = (below ? "-" : "+") + tolerance.substr(sign ? 1 : 0);
    return fmt::format("{} {} (reference {} {})", below ? "below" : "above",
                       float_text(below ? *reference.least : *reference.most),
                       with_unit(float_text(reference.value), reference.unit), tolerance);
}

class Comparison {
  public:
    explicit Comparison(const Map& results) : results_(results) {}

    void take(const Reference& reference) {
        const std::vector<Found> values = values_of(reference.key, results_);
        if (values.empty()) {
            out_.missing.push_back(fmt::format("{} has a reference and no value", reference.key));
            return;
        }
        Map by_name;
        for (const Found& found : values) {
            Value report(one(reference, found));
            if (found.name.empty()) {
                set(out_.report, reference.key, std::move(report));
            } else {
                set(by_name, found.name, std::move(report));
            }
        }
        if (!by_name.empty()) {
            set(out_.report, reference.key, Value(std::move(by_name)));
        }
    }

    ReferenceOutcome take_outcome() { return std::move(out_); }

  private:
    Map one(const Reference& reference, const Found& found) {
        const std::string label =
            found.name.empty() ? reference.key : fmt::format("{} on {}", reference.key, found.name);
        const Value value = convert(*found.value);
        Map report;
        set(report, "value", value);
        set(report, "reference", Value::real(reference.value));
        set(report, "least", reference.least ? Value::real(*reference.least) : Value());
        set(report, "most", reference.most ? Value::real(*reference.most) : Value());
        set(report, "unit", Value(reference.unit));
        set(report, "outcome", Value(outcome(reference, label, value)));
        return report;
    }

    std::string outcome(const Reference& reference, const std::string& label, const Value& value) {
        const auto* number = value.as<Number>();
        if (number == nullptr || std::isnan(number->as_double())) {
            out_.missing.push_back(fmt::format("{} has a reference, but is {}", label,
                                               value.is_null() ? "null" : to_json(value)));
            return "missing";
        }
        const double measured = number->as_double();
        const bool below = reference.least && measured < *reference.least;
        const bool above = reference.most && measured > *reference.most;
        if (!below && !above) {
            return "inside";
        }
        std::string text =
            fmt::format("{} is {}, {}", label, with_unit(number->text, reference.unit),
                        bound_text(reference, below));
        if (reference.expected_fail) {
            text += ", as expected";
            text += reference.expected_fail->empty() ? "" : ": " + *reference.expected_fail;
            out_.expected.push_back(std::move(text));
        } else {
            out_.outside.push_back(std::move(text));
        }
        return below ? "below" : "above";
    }

    const Map& results_;
    ReferenceOutcome out_;
};

}  // namespace

Result<std::vector<Reference>> read_references(const json& section, const std::string& host,
                                               const std::string& partition) {
    std::vector<Reference> references;
    if (section.is_null()) {
        return references;
    }
    if (!section.is_object()) {
        return fail(ErrorKind::config, "reference is no mapping");
    }
    for (const auto& [key, given] : section.items()) {
        if (given.is_null()) {
            continue;
        }
        if (!given.is_object()) {
            return bad(key, "it is no mapping");
        }
        const json* chosen = has_places(given) ? choose(given, host, partition) : &given;
        if (chosen == nullptr) {
            continue;
        }
        auto reference = read_one(key, *chosen);
        if (!reference) {
            return tl::unexpected(reference.error());
        }
        references.push_back(std::move(*reference));
    }
    return references;
}

std::vector<Error> check_references(const json& section) {
    std::vector<Error> errors;
    const auto check = [&](const std::string& key, const json& given) {
        auto reference = given.is_object() ? read_one(key, given)
                                           : Result<Reference>(bad(key, "it is no mapping"));
        if (!reference && !given.is_null()) {
            errors.push_back(reference.error());
        }
    };
    if (!section.is_object()) {
        if (!section.is_null()) {
            errors.push_back(fail(ErrorKind::config, "reference is no mapping").value());
        }
        return errors;
    }
    for (const auto& [key, given] : section.items()) {
        if (!given.is_object() || !has_places(given)) {
            check(key, given);
            continue;
        }
        for (const auto& [place, one] : given.items()) {
            check(key, one);
        }
    }
    return errors;
}

ReferenceOutcome compare(const std::vector<Reference>& references, const Map& results) {
    Comparison comparison(results);
    for (const Reference& reference : references) {
        comparison.take(reference);
    }
    return comparison.take_outcome();
}

}  // namespace pavtest::parsers
