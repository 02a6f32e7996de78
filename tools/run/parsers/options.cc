// The parsers' options, their defaults and what is allowed.
#include "run/parsers/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "run/parsers/python_text.h"

namespace pavtest::parsers {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 10> actions = {
    "store",      "store_str", "store_sum",  "store_min",   "store_median",
    "store_mean", "store_max", "store_true", "store_false", "count"};
constexpr std::array<std::string_view, 7> per_files = {"first", "last", "name", "name_list",
                                                       "list",  "all",  "any"};
constexpr std::array<std::string_view, 6> common = {
    "action", "files", "per_file", "for_lines_matching", "preceded_by", "match_select"};

OwnOption option(std::string_view name, std::string_view default_text = {}) {
    OwnOption made;
    made.name = name;
    made.default_text = default_text;
    return made;
}

OwnOption required(std::string_view name) {
    OwnOption made = option(name);
    made.required = true;
    made.keep_empty = true;
    return made;
}

OwnOption regex(std::string_view name, std::string_view default_text = {}) {
    OwnOption made = option(name, default_text);
    made.regex = true;
    return made;
}

OwnOption list(std::string_view name) {
    OwnOption made = option(name);
    made.list = true;
    return made;
}

OwnOption choice(std::string_view name, std::vector<std::string_view> choices) {
    OwnOption made = option(name, choices.front());
    made.choices = std::move(choices);
    return made;
}

std::vector<ParserKind> make_parser_kinds() {
    OwnOption pattern = required("regex");
    pattern.regex = true;
    // The same lines as Pavilion's ^(\s*(\||\+|-|=)+)+\s*$, in a form that takes linear time.
    const OwnOption ignore = regex("row_ignore_re", R"(^\s*[|+=-][\s|+=-]*$)");
    return {
        {"command",
         {required("command"), choice("output_type", {"return_value", "stdout"}),
          choice("stderr_dest", {"stdout", "null"})},
         {"match_select", "files", "per_file"}},
        {"constant",
         {required("const")},
         {"match_select", "files", "per_file", "for_lines_matching", "preceded_by"}},
        {"filecheck", {}, {"match_select"}},
        {"json", {list("include_only"), list("exclude"), regex("stop_at")}, {}},
        {"regex", {std::move(pattern)}, {}},
        {"split", {option("sep")}, {}},
        {"table",
         {regex("delimiter_re", "\\s+"), ignore, regex("table_end_re", "^\\s*$"), list("col_names"),
          option("has_row_labels", "True"), option("by_column", "False"),
          option("lstrip", "False")},
         {}},
    };
}

std::vector<std::string> strings(const std::vector<std::string_view>& views) {
    return {views.begin(), views.end()};
}

template <std::size_t count>
std::vector<std::string> strings(const std::array<std::string_view, count>& views) {
    return {views.begin(), views.end()};
}

template <std::size_t count>
Result<std::size_t> index_in(const std::array<std::string_view, count>& names,
                             std::string_view option_name, std::string_view value) {
    const auto found = std::find(names.begin(), names.end(), value);
    if (found != names.end()) {
        return static_cast<std::size_t>(found - names.begin());
    }
    std::string hint = did_you_mean(value, strings(names));
    return fail(ErrorKind::config, fmt::format("{} is '{}'", option_name, value),
                hint.empty() ? fmt::format("it may be {}", join(strings(names), ", ")) : hint);
}

Result<Select> read_select(std::string_view text) {
    constexpr std::array<std::string_view, 4> words = {"first", "last", "all", "uniq"};
    const std::string_view digits = strip(text);
    Select select;
    const char* from = digits.data() + (digits.starts_with('+') ? 1 : 0);
    const char* const end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(from, end, select.index);
    if (problem == std::errc{} && stop == end && !digits.empty()) {
        return select;
    }
    auto word = index_in(words, "match_select", text);
    if (!word) {
        Error error = word.error();
        error.hint += error.hint.starts_with("it may") ? ", or a number" : "";
        return tl::unexpected(std::move(error));
    }
    select.kind = *word == 2   ? Select::Kind::all
                  : *word == 3 ? Select::Kind::uniq
                               : Select::Kind::index;
    select.index = *word == 1 ? -1 : 0;
    return select;
}

using Given = std::map<std::string, std::vector<std::string>, std::less<>>;

// Adds a map's options that have a value. A single text may stand for a list of one.
Result<> add_given(const json& options, Given& given) {
    if (options.is_null()) {
        return {};
    }
    if (!options.is_object()) {
        return fail(ErrorKind::config, "the options are no mapping");
    }
    for (const auto& [name, value] : options.items()) {
        std::vector<std::string> texts;
        const json items = value.is_array() ? value : json::array({value});
        for (const json& item : items) {
            if (item.is_string()) {
                texts.push_back(item.get<std::string>());
            } else if (!item.is_null()) {
                return fail(ErrorKind::config, fmt::format("{} is no text", name));
            }
        }
        if (!texts.empty()) {
            given[name] = std::move(texts);
        }
    }
    return {};
}

std::string text_or(const Given& given, std::string_view name, std::string_view fallback) {
    const auto found = given.find(name);
    return std::string(found == given.end() ? fallback : std::string_view(found->second.front()));
}

// Whether a common option has its default, or what means the same.
bool is_default(const ParserOptions& options, std::string_view name) {
    if (name == "match_select") {
        return options.select.kind == Select::Kind::index && options.select.index == 0;
    }
    if (name == "files") {
        return options.files == std::vector<std::string>{std::string(run_log)};
    }
    if (name == "per_file") {
        return options.per_file == PerFile::first;
    }
    if (name == "for_lines_matching") {
        return options.for_lines_matching.empty();
    }
    return options.preceded_by.empty();
}

Result<> read_common(const Given& given, ParserOptions& options) {
    auto action = index_in(actions, "action", text_or(given, "action", "store"));
    if (!action) {
        return tl::unexpected(action.error());
    }
    options.action = static_cast<Action>(*action);
    auto per_file = index_in(per_files, "per_file", text_or(given, "per_file", "first"));
    if (!per_file) {
        return tl::unexpected(per_file.error());
    }
    options.per_file = static_cast<PerFile>(*per_file);
    auto select = read_select(text_or(given, "match_select", "first"));
    if (!select) {
        return tl::unexpected(select.error());
    }
    options.select = *select;
    options.for_lines_matching = text_or(given, "for_lines_matching", "");
    const auto files = given.find("files");
    options.files = files == given.end() ? std::vector{std::string(run_log)} : files->second;
    if (const auto preceded = given.find("preceded_by"); preceded != given.end()) {
        options.preceded_by = preceded->second;
    }
    return {};
}

Result<> read_own(const Given& given, ParserOptions& options) {
    for (const OwnOption& own : options.kind->own) {
        const auto found = given.find(own.name);
        if (found == given.end()) {
            if (own.required) {
                return fail(ErrorKind::config, fmt::format("{} is missing", own.name));
            }
            continue;
        }
        const std::string& text = found->second.front();
        if (!own.choices.empty() &&
            std::find(own.choices.begin(), own.choices.end(), text) == own.choices.end()) {
            return fail(ErrorKind::config, fmt::format("{} is '{}'", own.name, text),
                        fmt::format("it may be {}", join(strings(own.choices), ", ")));
        }
        if (!own.list && !own.keep_empty && text.empty()) {
            continue;
        }
        options.own[found->first] = found->second;
    }
    return {};
}

Result<> check_names(const Given& given, const ParserKind& kind) {
    std::vector<std::string> known = strings(common);
    for (const OwnOption& own : kind.own) {
        known.emplace_back(own.name);
    }
    for (const auto& [name, texts] : given) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            std::string hint = did_you_mean(name, known);
            return fail(ErrorKind::config,
                        fmt::format("the {} parser has no option '{}'", kind.name, name),
                        hint.empty() ? fmt::format("it has {}", join(known, ", ")) : hint);
        }
    }
    return {};
}

}  // namespace

const std::vector<ParserKind>& parser_kinds() {
    static const std::vector<ParserKind> kinds = make_parser_kinds();
    return kinds;
}

const ParserKind* find_parser_kind(std::string_view name) {
    const auto& kinds = parser_kinds();
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const ParserKind& kind) { return kind.name == name; });
    return found == kinds.end() ? nullptr : &*found;
}

std::vector<std::string> parser_names() {
    std::vector<std::string> names;
    for (const ParserKind& kind : parser_kinds()) {
        names.emplace_back(kind.name);
    }
    return names;
}

std::string ParserOptions::text(std::string_view name) const {
    if (const auto found = own.find(name); found != own.end()) {
        return found->second.front();
    }
    for (const OwnOption& option : kind->own) {
        if (option.name == name) {
            return std::string(option.default_text);
        }
    }
    return {};
}

bool ParserOptions::flag(std::string_view name) const {
    return lower_ascii(text(name)) == "true";
}

const std::vector<std::string>& ParserOptions::list(std::string_view name) const {
    static const std::vector<std::string> none;
    const auto found = own.find(name);
    return found == own.end() ? none : found->second;
}

Result<ParserOptions> read_options(std::string_view parser, std::string_view key, const json& given,
                                   const json& defaults) {
    const std::string where = fmt::format("{} parser, key '{}'", parser, key);
    const auto in_place = [&](const Error& error) { return tl::unexpected(error.within(where)); };
    ParserOptions options;
    options.kind = find_parser_kind(parser);
    options.key = key;
    if (options.kind == nullptr) {
        return fail(ErrorKind::config, fmt::format("there is no result parser '{}'", parser),
                    did_you_mean(parser, parser_names()));
    }
    Given merged;
    for (const json* source : {&defaults, &given}) {
        if (auto added = add_given(*source, merged); !added) {
            return in_place(added.error());
        }
    }
    if (auto checked = check_names(merged, *options.kind); !checked) {
        return in_place(checked.error());
    }
    for (auto* step : {&read_common, &read_own}) {
        if (auto read = step(merged, options); !read) {
            return in_place(read.error());
        }
    }
    for (const std::string_view name : options.kind->forced) {
        if (!is_default(options, name)) {
            return in_place({ErrorKind::config,
                             fmt::format("'{}' cannot be set: the {} parser works with its "
                                         "default only",
                                         name, parser),
                             {},
                             std::nullopt});
        }
    }
    return options;
}

std::vector<std::string> split_key(std::string_view key) {
    std::vector<std::string> names;
    for (const std::string_view part : split_by(key, ",")) {
        names.emplace_back(strip(part));
    }
    if (names.size() > 1 && names.back().empty()) {
        names.pop_back();
    }
    return names;
}

}  // namespace pavtest::parsers
