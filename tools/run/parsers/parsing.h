// result_parse as a whole: all keys of all parsers over all files, each file read once.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "run/parsers/results.h"
#include "run/parsers/value.h"

namespace pavtest::parsers {

struct Parsed {
    Map values;  // per_file among them
    std::vector<std::string> errors;
    /// Names whose value could not be looked for: a verdict must not rest on them. Those that
    /// are kept by file are named too.
    std::set<std::string> failed;
    bool gave_up = false;  // at a limit, or the file system failed
};

Parsed parse_all(const nlohmann::json& section, const ResultInputs& inputs);

}  // namespace pavtest::parsers
