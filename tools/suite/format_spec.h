// Python's format specifications: fill, align, sign, #, 0, width, grouping, precision, type.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "suite/datum.h"

namespace pavtest::suite {

/// format(value, spec). The error says why the spec does not fit the value.
tl::expected<std::string, std::string> format_datum(const Datum& value, std::string_view spec);

/// How many bytes of `text`, which begins behind the colon, belong to a spec by Pavilion's
/// grammar (which stops at what cannot be part of one).
std::size_t format_spec_length(std::string_view text);

}  // namespace pavtest::suite
