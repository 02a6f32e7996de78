// YAML read in one pass into a tree that remembers where everything stood.
//
// Scalars follow YAML 1.1 as Pavilion reads it: `text` is what a string made of the value
// looks like (`yes` → "True", `1_000` → "1000", `010` → "8", `1.` → "1.0"). Beyond YAML, an
// unknown escape in double quotes keeps its backslash ("\d+"), and plain scalars in
// flow style may hold a question mark ({m?: none}).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pavtest::yaml {

enum class Kind : std::uint8_t { null, scalar, list, map };
enum class Type : std::uint8_t { text, boolean, integer, real, timestamp };
enum class Style : std::uint8_t {
    plain,
    single_quoted,
    double_quoted,
    literal,
    folded,
    flow,
    block
};

/// Counted from 1; columns count characters.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

struct Node;

struct Entry {
    const Node* key = nullptr;
    const Node* value = nullptr;
};

struct Node {
    Kind kind = Kind::null;
    Type type = Type::text;  // of a scalar
    Style style = Style::plain;
    Position position;               // of its first character
    std::string text;                // of a scalar; of a null what stood there ("", "~", "null")
    std::vector<const Node*> items;  // of a list
    std::vector<Entry> entries;      // of a map, in the file's order

    [[nodiscard]] bool is_null() const { return kind == Kind::null; }
    [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
    [[nodiscard]] bool is_list() const { return kind == Kind::list; }
    [[nodiscard]] bool is_map() const { return kind == Kind::map; }
    [[nodiscard]] bool quoted() const {
        return style == Style::single_quoted || style == Style::double_quoted;
    }
    /// The value under a key, or null where there is none (or this is no map).
    [[nodiscard]] const Node* find(std::string_view key) const;
    [[nodiscard]] const Entry* find_entry(std::string_view key) const;
};

/// What a file may cost. A file beyond a limit is an error.
struct Limits {
    std::size_t bytes = 16U << 20;
    std::size_t depth = 100;
    std::size_t nodes = 1'000'000;  // counting what aliases stand for as often as it appears
};

class Document {
  public:
    /// A null node for an empty file.
    [[nodiscard]] const Node& root() const { return *root_; }
    [[nodiscard]] const std::string& file() const { return source_->file; }
    [[nodiscard]] const std::string& text() const { return source_->text; }

    /// The place of a position, with the text of its line.
    [[nodiscard]] Place place(Position position) const;
    [[nodiscard]] Place place(const Node& node) const { return place(node.position); }
    /// The place of the byte `offset` of a scalar's text, found by walking the source along.
    [[nodiscard]] Place place(const Node& scalar, std::size_t offset) const;

  private:
    friend class Builder;
    struct Source {
        std::string file;
        std::string text;
        std::vector<std::size_t> lines;  // byte offsets of their beginnings
    };
    [[nodiscard]] std::size_t offset_of(Position position) const;
    [[nodiscard]] Place place_at(std::size_t offset) const;

    std::shared_ptr<Source> source_;
    std::shared_ptr<std::deque<Node>> nodes_;
    const Node* root_ = nullptr;
};

/// One document; more than one is an error. `file` is for messages.
Result<Document> parse(std::string text, std::string file, const Limits& limits = {});

/// Reads and parses a file.
Result<Document> load(const std::string& path, const Limits& limits = {});

/// The type that a plain scalar has, and its text made canonical as described above.
Type resolve_plain(std::string_view raw, std::string& text, bool& null);

}  // namespace pavtest::yaml
