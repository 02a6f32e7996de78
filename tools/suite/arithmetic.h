// The operators of expressions, with Python's results; lists are taken item by item.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "suite/datum.h"

namespace pavtest::suite {

using Computed = tl::expected<Datum, std::string>;

/// `+ - * / // % ^ == != < > <= >= and or ..`
Computed apply(std::string_view symbol, const Datum& left, const Datum& right);
Computed negated(const Datum& value);
/// A unary plus: the number itself.
Computed affirmed(const Datum& value);
Computed inverted(const Datum& value);

}  // namespace pavtest::suite
