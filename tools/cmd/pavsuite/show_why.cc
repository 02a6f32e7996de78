#include "cmd/pavsuite/show_why.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cmd/pavsuite/json_output.h"
#include "cmd/pavsuite/show_text.h"
#include "suite/schema.h"
#include "suite/trace.h"

namespace pavtest::cmd {

using suite::Element;
using suite::Explanation;
using suite::Json;

bool is_key(std::string_view word) {
    return suite::test_schema().child(word.substr(0, word.find('.'))) != nullptr;
}

Result<> check_key(std::string_view key) {
    const Element* element = &suite::test_schema();
    std::string above;
    for (const std::string& part : split(key, '.')) {
        if (element->kind == Element::Kind::category) {
            element = element->item.get();
        } else if (element->kind == Element::Kind::keyed) {
            const Element* child = element->child(part);
            if (child == nullptr) {
                const std::vector<std::string> names = element->child_names();
                const std::string meant = did_you_mean(part, names);
                return fail(ErrorKind::usage,
                            above.empty() ? fmt::format("there is no key '{}'", part)
                                          : fmt::format("'{}' has no key '{}'", above, part),
                            meant.empty() ? fmt::format("it has {}", join(names, ", ")) : meant);
            }
            element = child;
        } else {
            // Variables have names of their own; texts and lists nothing below.
            break;
        }
        above += above.empty() ? part : "." + part;
    }
    return {};
}

namespace {

std::string unquoted(const Json& value) {
    if (!value.is_string()) {
        return value.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    bool deferred = false;
    const std::string text(without_mark(value.get_ref<const std::string&>(), deferred));
    const std::string shown = yaml_scalar(text);
    return deferred ? shown + "  (known in the job only)" : shown;
}

std::string shown_value(const std::string& json) {
    return unquoted(Json::parse(json));
}

std::string shown_place(const std::optional<Place>& place) {
    if (!place || place->file.empty()) {
        return {};
    }
    return place->line > 0 ? fmt::format("{}:{}:{}", place->file, place->line, place->column)
                           : place->file;
}

/// A value and who set it. Those that were overridden stand below the one that counts.
struct Line {
    std::string label;  // "", "was", "of"
    std::string value;
    std::string layer;
    std::string place;
};

struct Paragraph {
    std::string key;
    std::vector<Line> lines;
};

// Strings are shown with what they were made of.
void add_written(Paragraph& paragraph, const std::string& value, const std::string& written) {
    if (written != value && shown_value(written) != paragraph.lines.back().value) {
        paragraph.lines.push_back({"from", shown_value(written), "", ""});
    }
}

Paragraph paragraph_of(const Explanation& explanation) {
    Paragraph out{explanation.key, {}};
    if (explanation.steps.empty()) {
        return out;
    }
    const suite::TraceStep& first = explanation.steps.front();
    if (explanation.items.empty()) {
        out.lines.push_back(
            {"", shown_value(explanation.value), first.layer, shown_place(first.place)});
        add_written(out, explanation.value, first.value);
    }
    const bool several = explanation.items.size() > 1 || Json::parse(explanation.value).size() > 1;
    const bool list = several || !explanation.key.starts_with("variables.");
    for (const suite::TraceItem& item : explanation.items) {
        out.lines.push_back({"", (list ? "- " : "") + shown_value(item.value), item.layer,
                             shown_place(item.place)});
        add_written(out, item.value, item.written);
    }
    for (std::size_t i = 1; i < explanation.steps.size(); ++i) {
        const suite::TraceStep& step = explanation.steps[i];
        const bool nothing = step.value == "null" || step.value == "[]" || step.value == "{}";
        if (!step.kept && !(nothing && !step.place)) {
            Json value = Json::parse(step.value);
            if (explanation.key.starts_with("variables.") && value.size() == 1) {
                value = Json(value.front());
            }
            out.lines.push_back({"was", unquoted(value), step.layer, shown_place(step.place)});
        }
    }
    return out;
}

std::vector<Paragraph> paragraphs_of(const suite::ResolvedTest& test, std::string_view key,
                                     bool defaults) {
    std::vector<Explanation> explanations = explain(test, key, defaults);
    if (explanations.empty() && !key.empty()) {
        explanations = explain(test, key, true);
    }
    std::vector<Paragraph> out;
    for (const Explanation& explanation : explanations) {
        const Element* element =
            suite::test_schema().child(explanation.key.substr(0, explanation.key.find('.')));
        if (defaults || !key.empty() || element == nullptr || !element->hidden) {
            out.push_back(paragraph_of(explanation));
        }
    }
    return out;
}

std::string text_of(const std::vector<Paragraph>& paragraphs, const Paint& paint) {
    constexpr std::size_t kWidest = 44;
    const auto labelled = [](const Line& line) {
        return line.label.empty() ? line.value : line.label + " " + line.value;
    };
    std::size_t value_width = 0;
    std::size_t layer_width = 0;
    for (const Paragraph& paragraph : paragraphs) {
        for (const Line& line : paragraph.lines) {
            const std::size_t width = display_width(printable(labelled(line)));
            value_width = width <= kWidest && !line.layer.empty() ? std::max(value_width, width)
                                                                  : value_width;
            layer_width = std::max(layer_width, display_width(printable(line.layer)));
        }
    }
    const auto pad = [](const std::string& text, std::size_t width) {
        const std::size_t own = display_width(text);
        return own < width ? std::string(width - own, ' ') : std::string{};
    };
    std::string out;
    for (const Paragraph& paragraph : paragraphs) {
        out += paint.key(printable(paragraph.key)) + "\n";
        for (const Line& line : paragraph.lines) {
            const std::string value = printable(labelled(line));
            out += "    " + (line.label.empty() ? paint.value(value) : paint.dim(value));
            if (!line.layer.empty()) {
                // What is too long for its column has the rest below it.
                out += display_width(value) > value_width
                           ? "\n" + std::string(4 + value_width + 2, ' ')
                           : pad(value, value_width) + "  ";
                const std::string layer = printable(line.layer);
                out += line.label.empty() ? layer : paint.dim(layer);
                if (!line.place.empty()) {
                    out += pad(layer, layer_width) + "  " + paint.dim(printable(line.place));
                }
            }
            out += '\n';
        }
    }
    return out;
}

}  // namespace

std::string why_text(const std::vector<suite::ResolvedTest>& tests, std::string_view key,
                     bool defaults, const Paint& paint) {
    std::vector<std::pair<std::string, std::vector<std::string>>> said;  // text, names
    for (const suite::ResolvedTest& test : tests) {
        std::string text = text_of(paragraphs_of(test, key, defaults), paint);
        if (text.empty()) {
            text = fmt::format("    nothing sets {}\n", key.empty() ? "anything" : printable(key));
        }
        const auto known = std::find_if(said.begin(), said.end(),
                                        [&](const auto& one) { return one.first == text; });
        if (known == said.end()) {
            said.emplace_back(std::move(text), std::vector<std::string>{test.full_name});
        } else if (known->second.back() != test.full_name) {
            known->second.push_back(test.full_name);
        }
    }
    std::string out;
    for (const auto& [text, names] : said) {
        out += out.empty() ? "" : "\n";
        for (const std::string& name : names) {
            out += paint.bold(printable(name)) + "\n";
        }
        out += text;
    }
    return out;
}

Json why_json(const std::vector<suite::ResolvedTest>& tests, std::string_view key, bool defaults) {
    Json out = Json::array();
    for (const suite::ResolvedTest& test : tests) {
        Json values = Json::array();
        for (const Explanation& explanation : explain(test, key, defaults)) {
            Json steps = Json::array();
            for (const suite::TraceStep& step : explanation.steps) {
                Json one = {{"layer", step.layer}, {"value", Json::parse(step.value)}};
                put_place(one, step.place);
                steps.push_back(std::move(one));
            }
            Json items = Json::array();
            for (const suite::TraceItem& item : explanation.items) {
                Json one = {{"layer", item.layer},
                            {"value", Json::parse(item.value)},
                            {"written", Json::parse(item.written)}};
                put_place(one, item.place);
                items.push_back(std::move(one));
            }
            values.push_back({{"key", explanation.key},
                              {"value", Json::parse(explanation.value)},
                              {"steps", std::move(steps)},
                              {"items", std::move(items)}});
        }
        out.push_back({{"full_name", test.full_name}, {"values", std::move(values)}});
    }
    return out;
}

}  // namespace pavtest::cmd
