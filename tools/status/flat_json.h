// Reading one flat JSON object from one line: records are read by the hundred thousand,
// and a tree of values for each would cost ten times as much.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pavtest::status {

/// One value as it stands in the text. Strings are without their quotes.
struct FlatValue {
    enum class Kind { string, number, boolean, null, compound };
    Kind kind = Kind::null;
    std::string_view text;
    bool escaped = false;  // a string that holds escapes
};

/// Goes through the members of an object in order. The text must outlive the reader.
class FlatReader {
  public:
    explicit FlatReader(std::string_view text) : text_(text) {}

    /// Call first: whether the text begins as an object does.
    bool begin();
    /// The next member; false at the object's end or where the text is no JSON.
    bool next(FlatValue& key, FlatValue& value);
    /// Instead, for a text that is an array: call first, then once for each element.
    bool begin_array();
    bool next_element(FlatValue& value);
    /// After next() gave false: whether the object and the text ended as they should.
    [[nodiscard]] bool complete() const { return complete_; }

  private:
    void blanks();
    bool take(char c);
    bool string(FlatValue& value);
    bool number(FlatValue& value);
    bool literal(std::string_view word);
    bool value(FlatValue& value, int depth);
    bool compound(FlatValue& value, int depth);

    std::string_view text_;
    std::size_t at_ = 0;
    bool first_ = true;
    bool complete_ = false;
};

/// A string value with its escapes undone; lone surrogates become U+FFFD.
std::string unescaped(const FlatValue& value);

/// Appends `text`, which must be UTF-8, as the inside of a JSON string.
void append_escaped(std::string& out, std::string_view text);

}  // namespace pavtest::status
