// The configuration as a tree whose every value knows where it came from.
//
// Values are immutable and live in an arena until the whole resolution is let go; trees
// share what they have in common, so a permutation costs only what differs in it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"

namespace pavtest::suite {

/// A file (or a command line override, or the defaults) that gave values.
struct Layer {
    std::string name;         // for people: "test 'hello'", "mode 'quick'"
    yaml::Document document;  // none for the defaults
    bool has_document = false;
};

/// Where a value was written.
struct Origin {
    const Layer* layer = nullptr;
    const yaml::Node* node = nullptr;

    [[nodiscard]] Place place() const;
    /// Of a byte of the value's text.
    [[nodiscard]] Place place(std::size_t offset) const;
};

struct Value;

struct Member {
    std::string_view key;
    const Value* value = nullptr;
    bool extend = false;  // written with a "+" behind the key
    const yaml::Node* key_node = nullptr;
};

struct Value {
    enum class Kind : std::uint8_t { null, text, list, map };

    Kind kind = Kind::null;
    bool deferred = false;  // text that waits for the node
    std::string_view text;
    std::vector<const Value*> items;
    std::vector<Member> members;
    Origin origin;
    const Value* overrode = nullptr;  // what stood here in the layer below

    [[nodiscard]] bool is_null() const { return kind == Kind::null; }
    [[nodiscard]] bool is_text() const { return kind == Kind::text; }
    [[nodiscard]] bool is_list() const { return kind == Kind::list; }
    [[nodiscard]] bool is_map() const { return kind == Kind::map; }
    [[nodiscard]] const Member* find(std::string_view key) const;
    /// The value under a key, or null.
    [[nodiscard]] const Value* get(std::string_view key) const;
    /// The text under a key, or empty.
    [[nodiscard]] std::string_view text_of(std::string_view key) const;
};

/// Owns values, layers and made-up texts.
class Arena {
  public:
    Value& make(Value::Kind kind, Origin origin = {});
    const Value& text(std::string_view stable_text, Origin origin = {});
    Value& copy(const Value& value) { return values_.emplace_back(value); }
    /// Keeps a text and gives back what stays valid.
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
    const Layer& add_layer(std::string name);
    const Layer& add_layer(std::string name, yaml::Document document);

  private:
    std::deque<Value> values_;
    std::deque<std::string> texts_;
    std::deque<Layer> layers_;
};

/// A changed copy of a map: `key` set to `value`, in its old place if it was there.
const Value& with(Arena& arena, const Value& map, std::string_view key, const Value& value);

}  // namespace pavtest::suite
