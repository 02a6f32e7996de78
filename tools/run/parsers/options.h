// What one key of a result parser is told: the common options, and the parser's own.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pavtest::parsers {

enum class Action {
    store,
    store_str,
    store_sum,
    store_min,
    store_median,
    store_mean,
    store_max,
    store_true,
    store_false,
    count,
};

enum class PerFile { first, last, name, name_list, list, all, any };

/// Which of several matches counts.
struct Select {
    enum class Kind { index, all, uniq };
    Kind kind = Kind::index;
    long index = 0;  // from 0; negative from the end
};

/// A parser's own option.
struct OwnOption {
    std::string_view name;
    bool required = false;
    bool list = false;
    std::string_view default_text;
    std::vector<std::string_view> choices;
    bool regex = false;
    bool keep_empty = false;  // "" is a value, not the default
};

struct ParserKind {
    std::string_view name;
    std::vector<OwnOption> own;
    std::vector<std::string_view> forced;  // common options that must keep their defaults
};

const std::vector<ParserKind>& parser_kinds();
const ParserKind* find_parser_kind(std::string_view name);
std::vector<std::string> parser_names();

/// Under a parser, the key whose options are the defaults of the others.
constexpr std::string_view defaults_key = "_defaults";
/// Where results do not depend on what a file holds, there is nothing to read.
constexpr std::string_view run_log = "../run.log";

struct ParserOptions {
    const ParserKind* kind = nullptr;
    std::string key;  // as written: "a, _, b"
    Action action = Action::store;
    PerFile per_file = PerFile::first;
    std::vector<std::string> files;
    Select select;
    std::string for_lines_matching;
    std::vector<std::string> preceded_by;
    std::map<std::string, std::vector<std::string>, std::less<>> own;

    /// A parser's own option; its default where it was not given.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// Python's reading of a flag: "true" in any case.
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] const std::vector<std::string>& list(std::string_view name) const;
    /// Whether every line is looked at.
    [[nodiscard]] bool every_line() const {
        return for_lines_matching.empty() && preceded_by.empty();
    }
    /// Whether the key is to be the verdict, with no action of its own.
    [[nodiscard]] bool is_verdict() const { return key == "result" && action == Action::store; }
};

/// Reads the options of one key over its parser's defaults. Both are maps of texts and
/// lists of texts, or null. Regular expressions are not looked at.
Result<ParserOptions> read_options(std::string_view parser, std::string_view key,
                                   const nlohmann::json& given, const nlohmann::json& defaults);

/// The names in a key: "a, _, b," → a _ b.
std::vector<std::string> split_key(std::string_view key);

}  // namespace pavtest::parsers
