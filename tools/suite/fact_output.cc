#include "suite/fact_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/float_text.h"
#include "base/text.h"

namespace pavtest::suite {

namespace {

using Json = nlohmann::ordered_json;

tl::unexpected<std::string> fail(std::string what) {
    return tl::make_unexpected(std::move(what));
}

bool json_text(const Json& json, std::string& out) {
    if (json.is_string()) {
        out = json.get<std::string>();
    } else if (json.is_boolean()) {
        out = json.get<bool>() ? "True" : "False";
    } else if (json.is_number_float()) {
        out = float_text(json.get<double>());
    } else if (json.is_number()) {
        out = json.dump();
    } else {
        return false;
    }
    return true;
}

bool add_item(const Json& json, VariableValue& value) {
    auto& item = value.items.emplace_back();
    std::string text;
    if (json_text(json, text)) {
        VariableCell cell;
        cell.value = Datum::of(text);
        item.push_back(std::move(cell));
        return true;
    }
    if (!json.is_object() || json.empty()) {
        return false;
    }
    for (const auto& [key, member] : json.items()) {
        VariableCell cell;
        cell.key = key;
        if (!json_text(member, text)) {
            return false;
        }
        cell.value = Datum::of(text);
        item.push_back(std::move(cell));
    }
    return true;
}

tl::expected<VariablePtr, std::string> from_json(const Json& json) {
    auto value = std::make_shared<VariableValue>();
    bool fits = true;
    if (json.is_array()) {
        for (const Json& item : json) {
            fits = fits && add_item(item, *value);
        }
    } else {
        fits = add_item(json, *value);
    }
    if (!fits || value->items.empty()) {
        return fail("JSON must be a text, a mapping of texts, or a list of one kind of these");
    }
    for (const auto& item : value->items) {
        if (item.size() != value->items.front().size()) {
            return fail("the items of the list have different keys");
        }
    }
    return value;
}

bool is_record_line(std::string_view line, std::string& key, std::string& text) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return false;
    }
    key.clear();
    for (const char c : line.substr(0, colon)) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '_' && c != '-') {
            return false;
        }
        key += c == '-' ? '_' : c;
    }
    text = std::string(trim(line.substr(colon + 1)));
    return true;
}

// "Key: value" lines; a line that begins with a blank goes on with the one before.
std::optional<VariablePtr> from_records(std::string_view output) {
    auto value = std::make_shared<VariableValue>();
    bool open = false;
    std::string key;
    std::string text;
    for (const std::string& line : split(output, '\n')) {
        if (trim(line).empty()) {
            open = false;
            continue;
        }
        if (open && (line.front() == ' ' || line.front() == '\t')) {
            VariableCell& last = value->items.back().back();
            last.value = Datum::of(last.value.text() + " " + std::string(trim(line)));
            continue;
        }
        if (!is_record_line(line, key, text)) {
            return std::nullopt;
        }
        if (!open) {
            value->items.emplace_back();
            open = true;
        }
        VariableCell cell;
        cell.key = key;
        cell.value = Datum::of(text);
        value->items.back().push_back(std::move(cell));
    }
    return value;
}

}  // namespace

tl::expected<VariablePtr, std::string> fact_value(std::string_view output) {
    const std::string_view text = trim(output);
    if (text.empty()) {
        return fail("it printed nothing");
    }
    if (text.front() == '{' || text.front() == '[' || text.front() == '"') {
        const Json json = Json::parse(text, nullptr, false);
        if (!json.is_discarded()) {
            return from_json(json);
        }
    }
    if (text.find('\n') == std::string_view::npos) {
        // One "key: value" line counts as a line of text.
        return text_variable(std::string(text));
    }
    if (auto records = from_records(text)) {
        return *records;
    }
    return fail("several lines must be JSON or 'Key: value' records");
}

}  // namespace pavtest::suite
