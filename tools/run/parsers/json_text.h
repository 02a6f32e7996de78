// JSON read as Python's json module reads it: NaN and Infinity are numbers, all numbers keep
// their digits, of a key given twice the last value stands.
#pragma once

#include <string_view>

#include "base/error.h"
#include "run/parsers/value.h"

namespace pavtest::parsers {

Result<Value> parse_json(std::string_view text);

}  // namespace pavtest::parsers
