#include "cmd/pavsuite/show_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/yaml.h"
#include "cmd/pavsuite/json_output.h"
#include "suite/schema.h"
#include "suite/strings.h"

namespace pavtest::cmd {

using suite::Json;

std::string_view without_mark(std::string_view text, bool& deferred) {
    deferred = text.starts_with(suite::kDeferredMark);
    if (deferred) {
        text.remove_prefix(std::string_view(suite::kDeferredMark).size());
    }
    return text;
}

namespace {

// Every byte that is not plain to see becomes an escape.
std::string double_quoted(std::string_view text) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += text[i];
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (c < 0x20 || c == 0x7f) {
            out += fmt::format("\\x{:02x}", c);
        } else if (c == 0xc2 && i + 1 < text.size() &&
                   static_cast<unsigned char>(text[i + 1]) < 0xa0) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
        } else {
            out += text[i];
        }
    }
    return out + '"';
}

bool plain(std::string_view text) {
    if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':' ||
        std::string_view("-?:,[]{}#&*!|>'\"%@`=~").find(text.front()) != std::string_view::npos ||
        text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos ||
        text.starts_with("...")) {
        return false;
    }
    std::string canonical(text);
    bool null = false;
    yaml::resolve_plain(text, canonical, null);
    return !null && canonical == text;
}

// A block of lines keeps every byte if none of them is odd.
bool fits_block(std::string_view text) {
    return text.find('\n') != std::string_view::npos && text.front() != '\n' &&
           text.front() != ' ' && printable(text, "\n") == text &&
           text.find_first_not_of('\n') != std::string_view::npos;
}

class Writer {
  public:
    Writer(std::string& out, const Paint& paint) : out_(out), paint_(paint) {}

    // What stands behind "key:" or "-", at the given indent for what goes below it.
    void value(const Json& value, std::size_t indent) {
        if (value.is_object() && !value.empty()) {
            out_ += '\n';
            map(value, indent);
        } else if (value.is_array() && !value.empty()) {
            out_ += '\n';
            list(value, indent);
        } else if (value.is_string()) {
            scalar(value.get_ref<const std::string&>(), indent);
        } else {
            out_ += value.is_object() ? " {}\n" : value.is_array() ? " []\n" : " null\n";
        }
    }

    void map(const Json& value, std::size_t indent) {
        for (const auto& [key, item] : value.items()) {
            out_ += std::string(indent, ' ') + paint_.key(yaml_scalar(key)) + ":";
            this->value(item, indent + 2);
        }
    }

    void list(const Json& value, std::size_t indent) {
        for (const Json& item : value) {
            out_ += std::string(indent, ' ') + "-";
            if (item.is_object() && !item.empty()) {
                // The first key goes behind the dash.
                std::string below;
                Writer(below, paint_).map(item, indent + 2);
                out_ += " " + below.substr(indent + 2);
            } else {
                this->value(item, indent + 2);
            }
        }
    }

  private:
    void scalar(std::string_view marked, std::size_t indent) {
        bool deferred = false;
        const std::string_view text = without_mark(marked, deferred);
        const std::string note = deferred ? paint_.dim("  # known in the job only") : "";
        if (!fits_block(text)) {
            out_ += " " + yaml_scalar(text) + note + "\n";
            return;
        }
        const std::size_t end = text.find_last_not_of('\n') + 1;
        const std::size_t newlines = text.size() - end;
        out_ += newlines == 0 ? " |-" : newlines == 1 ? " |" : " |+";
        out_ += note + "\n";
        std::vector<std::string> lines = split(text.substr(0, end), '\n');
        lines.resize(lines.size() + (newlines > 1 ? newlines - 1 : 0));
        for (const std::string& line : lines) {
            out_ += line.empty() ? "\n" : std::string(indent, ' ') + line + "\n";
        }
    }

    std::string& out_;
    const Paint& paint_;
};

// What the comment above a test says already.
void drop_identity(Json& config) {
    for (const suite::Element& element : suite::test_schema().children) {
        if (element.hidden) {
            config.erase(std::string(element.name));
        }
    }
    if (config.value("inherits_from", Json()) == "__base__") {
        config.erase("inherits_from");
    }
}

// A list of one is shown as its one value: so it was mostly written.
void simplify_variables(Json& config) {
    const auto variables = config.find("variables");
    if (variables == config.end()) {
        return;
    }
    for (auto& [_, value] : variables->items()) {
        if (value.is_array() && value.size() == 1) {
            Json only = std::move(value.front());
            value = std::move(only);
        }
    }
}

std::string comment(const suite::ResolvedTest& test) {
    const auto text = [&](const char* key) {
        const Json value = test.config.value(key, Json());
        return value.is_string() ? value.get<std::string>() : std::string{};
    };
    std::string out = test.suite_path;
    out += fmt::format("\nhost {}, os {}", text("host"), text("os"));
    for (const char* key : {"modes", "overrides"}) {
        std::vector<std::string> words;
        for (const Json& word : test.config.value(key, Json::array())) {
            words.push_back(word.get<std::string>());
        }
        if (!words.empty()) {
            out += fmt::format(", {} {}", key, join(words, " "));
        }
    }
    for (const auto& [name, value] : test.permute_vars.items()) {
        const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
        out += fmt::format("\npermutation: {} = {}", name, shown);
    }
    for (const std::string& reason : test.skip_reasons) {
        out += "\nskipped: " + reason;
    }
    return out;
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
    if (printable(text) != text) {
        return double_quoted(text);
    }
    if (plain(text)) {
        return std::string(text);
    }
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? "''" : std::string(1, c);
    }
    return out + "'";
}

std::string show_text(const std::vector<suite::ResolvedTest>& tests, const ShowOptions& options,
                      const Paint& paint) {
    std::string out;
    for (std::size_t i = 0; i < tests.size();) {
        const suite::ResolvedTest& test = tests[i];
        std::size_t same = i + 1;
        while (same < tests.size() && tests[same].full_name == test.full_name &&
               tests[same].config == test.config && tests[same].permute_vars == test.permute_vars) {
            ++same;
        }
        out += i == 0 ? "" : "\n";
        for (const std::string& line : split(comment(test), '\n')) {
            out += paint.dim("# " + printable(line)) + "\n";
        }
        if (same - i > 1) {
            out += paint.dim(fmt::format("# {} times", same - i)) + "\n";
        }
        Json config = options.defaults ? test.config : without_defaults(test);
        if (!options.defaults) {
            drop_identity(config);
        }
        simplify_variables(config);
        out += paint.bold(yaml_scalar(test.full_name)) + ":";
        Writer(out, paint).value(config, 2);
        i = same;
    }
    return out;
}

}  // namespace pavtest::cmd
