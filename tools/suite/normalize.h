// From YAML to the configuration tree: keys checked against the schema, leaves made
// strings, single values made lists. Nothing is filled in and nothing merged here.
#pragma once

#include <vector>

#include "suite/problems.h"
#include "suite/schema.h"
#include "suite/value.h"

namespace pavtest::suite {

class Normalizer {
  public:
    Normalizer(Arena& arena, const Layer& layer, Problems& problems,
               std::vector<Error>* warnings = nullptr)
        : arena_(arena), layer_(layer), problems_(problems), warnings_(warnings) {}

    /// A whole configuration of a test, host, os or mode. `name` is for messages. The
    /// result is a map, or a null for an empty one; on errors, what could be read.
    const Value& config(const yaml::Node& node, std::string_view name);
    /// One value of the given kind.
    const Value& value(const Element& element, const yaml::Node& node, std::string_view name);
    /// The variables section: name (with its suffix) → list of items, each a map; the only
    /// key of a simple item is "".
    const Value& variables(const yaml::Node& node);
    /// What one variable is set to, as in the variables section.
    const Value& variable(const yaml::Node& node);

  private:
    const Value& text(const Element& element, const yaml::Node& node, std::string_view name);
    const Value& list(const Element& element, const yaml::Node& node, std::string_view name);
    const Value& keyed(const Element& element, const yaml::Node& node, std::string_view name);
    const Value& category(const Element& element, const yaml::Node& node, std::string_view name);
    const Value& variable_item(const yaml::Node& node);
    const Value& deprecated_slurm(const yaml::Node& node);
    void unknown_key(const Element& element, const yaml::Node& key, std::string_view name);
    const Value& null_value(const yaml::Node& node) {
        return arena_.make(Value::Kind::null, Origin{&layer_, &node});
    }
    [[nodiscard]] Place place(const yaml::Node& node) const { return layer_.document.place(node); }

    Arena& arena_;
    const Layer& layer_;
    Problems& problems_;
    std::vector<Error>* warnings_;
    std::vector<const Element*> above_;  // the keyed elements that lead here
};

}  // namespace pavtest::suite
