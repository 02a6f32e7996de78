#include "cmd/pavsuite/json_output.h"

#include <fmt/format.h>

#include "suite/schema.h"
#include "suite/trace.h"

namespace pavtest::cmd {

using suite::Element;
using suite::Json;

void put_place(Json& object, const std::optional<Place>& place) {
    if (!place || place->file.empty()) {
        return;
    }
    object["file"] = place->file;
    if (place->line > 0) {
        object["line"] = place->line;
    }
    if (place->column > 0) {
        object["column"] = place->column;
    }
}

Json error_json(const Error& error) {
    Json out = Json::object();
    put_place(out, error.place);
    out["message"] = error.what;
    if (!error.hint.empty()) {
        out["hint"] = error.hint;
    }
    if (error.place && !error.place->line_text.empty()) {
        out["text"] = error.place->line_text;
    }
    return out;
}

Json errors_json(const std::vector<Error>& errors) {
    Json out = Json::array();
    for (const Error& error : errors) {
        out.push_back(error_json(error));
    }
    return out;
}

namespace {

std::string in_a_line(const Error& error) {
    std::string out;
    if (error.place && !error.place->file.empty()) {
        out = error.place->file;
        if (error.place->line > 0) {
            out += fmt::format(":{}:{}", error.place->line, error.place->column);
        }
        out += ": ";
    }
    out += error.what;
    if (!error.hint.empty()) {
        out += fmt::format(" ({})", error.hint);
    }
    return out;
}

std::string dumped(const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

// As a part of something larger: a newline of a text is not one in JSON.
std::string indented(const Json& json, std::string_view indent) {
    const std::string text = dumped(json);
    std::string out;
    out.reserve(text.size() * 2);
    for (const char c : text) {
        out += c;
        if (c == '\n') {
            out += indent;
        }
    }
    return out;
}

// Whether a value was set by somebody; without a trace nobody knows.
bool is_set(const suite::ResolvedTest& test, const std::string& key) {
    return test.trace == nullptr || !suite::explain(test, key).empty();
}

// Whether anything is left once the defaults are gone. `key` leads to the value.
bool drop(Json& value, const Element& element, const suite::ResolvedTest& test,
          const std::string& key) {
    switch (element.kind) {
        case Element::Kind::text:
            if (element.default_text == nullptr) {
                return !value.is_null();
            }
            if (std::string_view(element.default_text).find("{{") != std::string_view::npos) {
                return is_set(test, key);
            }
            return !value.is_string() ||
                   value.get_ref<const std::string&>() != element.default_text;
        case Element::Kind::list:
        case Element::Kind::variables:
            return !value.empty();
        case Element::Kind::category:
            for (auto& [name, item] : value.items()) {
                drop(item, *element.item, test, fmt::format("{}.{}", key, name));
            }
            return !value.empty();
        case Element::Kind::keyed:
            break;
    }
    for (auto entry = value.begin(); entry != value.end();) {
        const Element* child = element.child(entry.key());
        const std::string below =
            key.empty() ? entry.key() : fmt::format("{}.{}", key, entry.key());
        const bool keep = child == nullptr || drop(entry.value(), *child, test, below);
        entry = keep ? std::next(entry) : value.erase(entry);
    }
    return !value.empty();
}

}  // namespace

Json without_defaults(const suite::ResolvedTest& test) {
    Json out = test.config;
    drop(out, suite::test_schema(), test, "");
    return out;
}

void ResolutionPrinter::test(suite::ResolvedTest&& test) {
    Json one = Json::object();
    one["full_name"] = test.full_name;
    one["name"] = test.test;
    one["subtitle"] = test.subtitle ? Json(*test.subtitle) : Json(nullptr);
    one["skip_reasons"] = test.skip_reasons;
    if (!test.permute_vars.empty()) {
        one["permute_vars"] = test.permute_vars;
    }
    one["config"] = drop_defaults_ ? without_defaults(test) : std::move(test.config);
    fmt::print("{}  {}", any_ ? ",\n" : "{\n \"tests\": [\n", indented(one, "  "));
    any_ = true;
}

void ResolutionPrinter::finish(const std::vector<Error>& errors) {
    Json texts = Json::array();
    for (const Error& error : errors) {
        texts.push_back(in_a_line(error));
    }
    fmt::print("{}],\n \"errors\": {}\n}}\n", any_ ? "\n " : "{\n \"tests\": [",
               indented(texts, " "));
}

void print_json(const Json& json) {
    fmt::print("{}\n", dumped(json));
}

}  // namespace pavtest::cmd
