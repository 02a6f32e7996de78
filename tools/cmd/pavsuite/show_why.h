// Why a test is as it is: for each value who set it, where, and what it overrode.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cmd/pavsuite/paint.h"
#include "suite/resolve.h"

namespace pavtest::cmd {

/// Whether a word can be a key of the configuration: its first part is one.
bool is_key(std::string_view word);
/// The error for a key that the configuration does not have, with a suggestion.
Result<> check_key(std::string_view key);

/// For people. Tests about which the same is to be said share it.
std::string why_text(const std::vector<suite::ResolvedTest>& tests, std::string_view key,
                     bool defaults, const Paint& paint);

/// For programs.
suite::Json why_json(const std::vector<suite::ResolvedTest>& tests, std::string_view key,
                     bool defaults);

}  // namespace pavtest::cmd
