// From what a test left behind to its results and its verdict.
//
// A verdict never rests on what could not be looked at. If a file is missing or cannot be
// read, if a parser gives up, or if a value is NaN, then the key's value is null (or NaN),
// pav_result_errors says so, and a verdict that depends on that key is ERROR. Results that
// it does not depend on do not change it.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "run/parsers/evaluator.h"
#include "run/parsers/files.h"
#include "run/parsers/line_reader.h"
#include "run/parsers/value.h"
#include "status/record.h"

namespace pavtest::parsers {

struct Limits {
    std::chrono::seconds time{900};          // for all parsing of a test
    std::chrono::seconds command_time{300};  // for one command
    std::size_t line_bytes = LineReader::default_line_limit;
};

struct ResultInputs {
    Places places;
    /// What the runner knows: Pavilion's base keys (name, id, return_value, …).
    nlohmann::ordered_json base;
    /// Where it ran, for references.
    std::string host, partition;
    /// Of `command` parsers; nothing: this process's own.
    std::optional<Environment> environment;
    /// Functions for expressions; nothing: the built-in ones.
    std::shared_ptr<const suite::Functions> functions;
    Limits limits;
};

struct Results {
    Map values;  // in Pavilion's order: base keys, then the others
    status::Verdict verdict = status::Verdict::error;
    std::vector<std::string> errors;  // pav_result_errors
    /// The state RESULTS_ERROR, rather than RESULTS, with the note.
    bool results_error = false;
    std::string note;

    /// results.json, on one line without a newline.
    [[nodiscard]] std::string json() const { return to_json(values); }
};

/// `config` is a test's resolved configuration: its sections result_parse, result_evaluate
/// and reference. Never fails as a whole: what goes wrong is in the results.
Results gather(const nlohmann::json& config, const ResultInputs& inputs);

}  // namespace pavtest::parsers
