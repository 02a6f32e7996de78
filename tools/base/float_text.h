// Floating point as text, in the shortest form that reads back the same, as Python writes it.
#pragma once

#include <string>

namespace pavtest {

/// `1.0`, `0.1`, `1e+16`, `1e-05`, `inf`, `-inf`, `nan`: Python's repr() of a float.
std::string float_text(double value);

}  // namespace pavtest
