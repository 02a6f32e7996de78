// What a test's configuration may hold: every key with its kind, default and meaning.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pavtest::suite {

/// Which names a map with free keys accepts.
enum class KeyRule : std::uint8_t {
    any,
    name,            // at least two letters, digits, underscores; a letter first
    path,            // not empty
    environment,     // letters, digits, underscores; a letter first
    evaluation,      // begins with a letter or underscore
    result,          // one or more names, separated by commas
    module_wrapper,  // names with glob characters
    variable,
};

struct Element {
    enum class Kind : std::uint8_t {
        text,
        list,       // of `item`; a single value counts as a list of one
        keyed,      // a map with the keys of `children`
        category,   // a map with free keys and values of `item`
        variables,  // the variables section
    };

    Kind kind = Kind::text;
    std::string_view name;
    std::string_view help;
    const char* default_text = nullptr;
    std::vector<std::string_view> choices;
    bool hidden = false;    // set by pavtest, not by authors
    bool required = false;  // must have a value
    KeyRule keys = KeyRule::any;
    std::unique_ptr<const Element> item;
    std::vector<Element> children;

    [[nodiscard]] const Element* child(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> child_names() const;
};

/// The configuration of one test (and so of a host, os or mode file).
const Element& test_schema();

/// Whether a free key is acceptable under a rule.
bool accepts(KeyRule rule, std::string_view key);
/// The rule in words: "letters, digits and underscores, beginning with a letter".
std::string_view describe(KeyRule rule);

}  // namespace pavtest::suite
