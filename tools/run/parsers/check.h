// Checking a test's result configuration before it runs.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pavtest::parsers {

/// Whether a text is not known yet and must be left alone.
using IsDeferred = std::function<bool(std::string_view)>;

/// Everything that gather() would refuse in result_parse, result_evaluate and reference:
/// unknown parsers, options and values, bad regular expressions and expressions, reserved
/// and doubled keys.
std::vector<Error> check_results(const nlohmann::json& config, const IsDeferred& is_deferred = {});

}  // namespace pavtest::parsers
