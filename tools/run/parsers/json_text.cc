// The JSON library's events, built into values.
#include "run/parsers/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace pavtest::parsers {

namespace {

using nlohmann::json;

constexpr std::size_t deepest = 500;
// Stands before a word that JSON does not have, in the place of a text.
constexpr std::string_view mark = "\\u0000number ";
constexpr std::string_view read_mark = std::string_view("\0number ", 8);

// The words that Python's json writes and JSON does not know become marked texts.
std::string with_marked_words(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> words = {
        {{"-Infinity", "-inf"}, {"Infinity", "inf"}, {"NaN", "nan"}}};
    std::string out;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto word = std::find_if(words.begin(), words.end(), [&](const auto& candidate) {
            return text.substr(i).starts_with(candidate.first);
        });
        if (!quoted && word != words.end()) {
            out += fmt::format("\"{}{}\"", mark, word->second);
            i += word->first.size() - 1;
            continue;
        }
        out += c;
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '\\' && quoted && i + 1 < text.size()) {
            out += text[++i];
        }
    }
    return out;
}

class Builder : public nlohmann::json_sax<json> {
  public:
    bool null() override { return put(Value()); }
    bool boolean(bool given) override { return put(Value(given)); }
    bool number_integer(number_integer_t given) override {
        return put(Value(Number{std::to_string(given), true}));
    }
    bool number_unsigned(number_unsigned_t given) override {
        return put(Value(Number{std::to_string(given), true}));
    }
    bool number_float(number_float_t /*given*/, const string_t& text) override {
        const bool integer = text.find_first_of(".eE") == std::string::npos;
        return put(Value(Number{text, integer}));
    }
    bool string(string_t& text) override {
        if (text.starts_with(read_mark)) {
            return put(Value(Number{text.substr(read_mark.size()), false}));
        }
        return put(Value(std::move(text)));
    }
    bool binary(binary_t& /*data*/) override { return false; }
    bool start_object(std::size_t /*size*/) override { return enter(Value(Map())); }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t /*size*/) override { return enter(Value(List())); }
    bool end_array() override { return leave(); }
    bool key(string_t& name) override {
        levels_.back().key = std::move(name);
        return true;
    }
    bool parse_error(std::size_t position, const std::string& /*token*/,
                     const nlohmann::detail::exception& /*problem*/) override {
        position_ = position;
        return false;
    }

    Value take() { return std::move(root_); }
    [[nodiscard]] std::size_t position() const { return position_; }
    [[nodiscard]] bool too_deep() const { return too_deep_; }

  private:
    struct Level {
        Value value;
        std::string key;
        std::unordered_map<std::string, std::size_t> places;
    };

    bool put(Value value) {
        if (levels_.empty()) {
            root_ = std::move(value);
            return true;
        }
        Level& level = levels_.back();
        if (auto* list = level.value.as<List>()) {
            list->push_back(std::move(value));
            return true;
        }
        auto& map = *level.value.as<Map>();
        const auto [place, added] = level.places.emplace(level.key, map.size());
        if (added) {
            map.emplace_back(level.key, std::move(value));
        } else {
            map[place->second].second = std::move(value);
        }
        return true;
    }

    bool enter(Value value) {
        too_deep_ = levels_.size() >= deepest;
        if (!too_deep_) {
            levels_.push_back({std::move(value), {}, {}});
        }
        return !too_deep_;
    }

    bool leave() {
        Value value = std::move(levels_.back().value);
        levels_.pop_back();
        return put(std::move(value));
    }

    Value root_;
    std::vector<Level> levels_;
    std::size_t position_ = 0;
    bool too_deep_ = false;
};

}  // namespace

Result<Value> parse_json(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return fail(ErrorKind::config, "invalid JSON: there is none");
    }
    const bool words = text.find("NaN") != std::string_view::npos ||
                       text.find("Infinity") != std::string_view::npos;
    const std::string input = words ? with_marked_words(text) : std::string(text);
    Builder builder;
    if (json::sax_parse(input, &builder)) {
        return builder.take();
    }
    if (builder.too_deep()) {
        return fail(ErrorKind::config,
                    fmt::format("invalid JSON: nested more than {} deep", deepest));
    }
    const std::string_view before =
        std::string_view(input).substr(0, std::min(builder.position(), input.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::size_t column =
        newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    return fail(ErrorKind::config,
                fmt::format("invalid JSON at its line {}, column {}", line, column),
                "preceded_by or for_lines_matching says where it begins, stop_at where it ends");
}

}  // namespace pavtest::parsers
