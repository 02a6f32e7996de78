// Performance references: what a result should be on a machine, and how far it may be off.
//
//     reference:
//       gflops:                       a result, or a path to one: table.row.column
//         '*':                        anywhere; or HOST, HOST:PARTITION, with globs
//           value: 100
//           lower: 10%                so far below is still good: in per cent of the value,
//           upper: 20%                or in its unit; none: as far as you like
//           unit: GF/s
//           expected_fail: ticket 12  known to be off: noted, and no failure
//
// The most exact place counts: without globs before with, with a partition before without.
// A result that is kept by file (per_file: name) is checked for each, as is a path with *.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "run/parsers/value.h"

namespace pavtest::parsers {

struct Reference {
    std::string key;
    double value = 0;
    std::optional<double> least, most;
    std::string lower, upper;  // as written
    std::string unit;
    std::optional<std::string> expected_fail;
};

/// The references that count on this host and partition, from the section `reference`.
Result<std::vector<Reference>> read_references(const nlohmann::json& section,
                                               const std::string& host,
                                               const std::string& partition);
/// Checks the whole section, whatever the place.
std::vector<Error> check_references(const nlohmann::json& section);

struct ReferenceOutcome {
    std::vector<std::string> outside;   // each with its numbers
    std::vector<std::string> expected;  // the same, where it was expected
    std::vector<std::string> missing;   // no value, or none that can be compared
    Map report;                         // for results.json
};
ReferenceOutcome compare(const std::vector<Reference>& references, const Map& results);

}  // namespace pavtest::parsers
