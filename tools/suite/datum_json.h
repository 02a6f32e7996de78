// Values of the expression language as JSON, and back.
#pragma once

#include <nlohmann/json.hpp>

#include "suite/datum.h"

namespace pavtest::suite {

nlohmann::ordered_json datum_json(const Datum& datum);
Datum datum_of(const nlohmann::ordered_json& json);

}  // namespace pavtest::suite
